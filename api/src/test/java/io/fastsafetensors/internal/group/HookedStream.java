// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Set;

/** Simulates a device that is slow, breaks, or is watched: runs something before each copy. */
final class HookedStream {
  private static final Set<String> COPIES = Set.of("copy", "copyToHost");

  /** Runs before a copy. */
  @FunctionalInterface
  interface Hook {
    void before(Region source) throws LoadException;
  }

  private HookedStream() {}

  /** Makes a stream that does what the real one does, after the hook. */
  static DeviceStream before(DeviceStream stream, Hook hook) {
    return (DeviceStream)
        Proxy.newProxyInstance(
            DeviceStream.class.getClassLoader(),
            new Class<?>[] {DeviceStream.class},
            (_, method, arguments) -> {
              if (COPIES.contains(method.getName())) {
                hook.before((Region) arguments[0]);
              }
              try {
                return method.invoke(stream, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
