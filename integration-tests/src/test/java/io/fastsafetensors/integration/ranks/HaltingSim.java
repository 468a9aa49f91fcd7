// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.testkit.ForwardingContext;
import io.fastsafetensors.testkit.ForwardingStream;
import io.fastsafetensors.testkit.sim.SimRuntime;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;

/** The simulated device; once something is done where a collective records a mark in a stream. */
final class HaltingSim {
  private static final String COLLECTIVES = "io.fastsafetensors.collective.";

  private HaltingSim() {}

  /**
   * Makes the runtime.
   *
   * @param nth at which of the marks that collectives record
   * @param halt what is done before it
   */
  static DeviceRuntime of(int nth, Runnable halt) {
    SimRuntime sim = new SimRuntime();
    AtomicInteger marks = new AtomicInteger(nth);
    return (DeviceRuntime)
        Proxy.newProxyInstance(
            HaltingSim.class.getClassLoader(),
            new Class<?>[] {DeviceRuntime.class},
            (_, method, arguments) -> {
              try {
                Object result = method.invoke(sim, arguments);
                return result instanceof DeviceContext context
                    ? context(context, marks, halt)
                    : result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static DeviceContext context(DeviceContext real, AtomicInteger marks, Runnable halt) {
    return new ForwardingContext(real) {
      @Override
      protected DeviceStream stream(DeviceStream right) {
        return new ForwardingStream(this, right) {
          @Override
          public StreamMark record() throws LoadException {
            if (isOfCollective() && marks.decrementAndGet() == 0) {
              halt.run();
            }
            return super.record();
          }
        };
      }
    };
  }

  private static boolean isOfCollective() {
    return StackWalker.getInstance()
        .walk(frames -> frames.anyMatch(frame -> frame.getClassName().startsWith(COLLECTIVES)));
  }
}
