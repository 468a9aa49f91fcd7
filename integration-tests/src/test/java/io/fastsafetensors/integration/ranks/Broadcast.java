// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import io.fastsafetensors.Device;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.group.Transports;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * Broadcasts from rank 0, with pauses before and after.
 *
 * @param bytes how many
 * @param halting the rank that stops halfway, to be killed there; -1 for none
 */
record Broadcast(long bytes, int halting) {
  /** Before each chunk there is a mark: memory must be free of what the stream does. */
  private static final int LATER_CHUNK = 6;

  void run(ProcessGroup group) throws Exception {
    try (DeviceContext context = Runtimes.of(Device.CPU).open(Device.CPU);
        DeviceStream stream = context.newStream()) {
      RankProgram.pause("joined");
      try (DeviceBuffer buffer = context.allocate(bytes, 4096)) {
        Transports.of(group)
            .broadcast(Region.of(buffer), 0, group.rank() == halting ? halting(stream) : stream);
        stream.record().await(Deadline.after(group.timeout()));
        RankProgram.pause("has all");
      }
      group.barrier();
    }
  }

  /** Returns a stream that pauses before a chunk that is not among the first. */
  private static DeviceStream halting(DeviceStream stream) {
    int[] marks = {0};
    return (DeviceStream)
        Proxy.newProxyInstance(
            Broadcast.class.getClassLoader(),
            new Class<?>[] {DeviceStream.class},
            (_, method, arguments) -> {
              if (method.getName().equals("record") && ++marks[0] == LATER_CHUNK) {
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
