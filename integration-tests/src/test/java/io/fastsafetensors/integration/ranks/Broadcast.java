// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import io.fastsafetensors.Device;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * Broadcasts from rank 0, with pauses before and after.
 *
 * @param bytes how many
 * @param halting the rank that stops after its first chunk, to be killed there; -1 for none
 */
record Broadcast(long bytes, int halting) {
  void run(ProcessGroup group) throws Exception {
    try (DeviceContext context = Plugins.runtime(Device.CPU).open(Device.CPU);
        DeviceStream stream = context.newStream();
        DeviceBuffer buffer = context.allocate(bytes, 4096)) {
      RankProgram.pause("joined");
      group.broadcast(Region.of(buffer), 0, group.rank() == halting ? halting(stream) : stream);
      stream.record().await(Deadline.after(group.timeout()));
      RankProgram.pause("has all");
      group.barrier();
    }
  }

  /** Returns a stream on which the second copy never returns. */
  private static DeviceStream halting(DeviceStream stream) {
    int[] copies = {0};
    return (DeviceStream)
        Proxy.newProxyInstance(
            Broadcast.class.getClassLoader(),
            new Class<?>[] {DeviceStream.class},
            (_, method, arguments) -> {
              if (method.getName().startsWith("copy") && ++copies[0] == 2) {
                RankProgram.pause("halfway");
              }
              try {
                return method.invoke(stream, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
