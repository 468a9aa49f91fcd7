// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.device.cuda.simulated.Backends;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.device.cuda.simulated.HastyContext;
import io.fastsafetensors.device.cuda.simulated.SilentMonitor;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The simulated driver is late enough to show where somebody forgot to wait. */
@ExtendWith(DriverChecks.class)
class MissingWaitTests {
  private static final int BYTES = 2 << 20;

  @TempDir Path folder;

  @Test
  void bytesAreNotThereBeforeTheMarkIsDone() throws LoadException {
    SimulatedDriver.get().delay(Duration.ofHours(1));
    try (DeviceContext context = new CudaRuntime().open(new Device("cuda", 0))) {
      context.attach();
      try (DeviceBuffer staging = context.allocateStaging(BYTES);
          DeviceBuffer buffer = context.allocate(BYTES, 1);
          DeviceStream stream = context.newStream()) {
        MemorySegment host = staging.host().orElseThrow().fill((byte) 1);
        stream.copyFromHost(host, Region.of(buffer));
        stream.record().await(Deadline.after(Duration.ofMinutes(1)));
        host.fill((byte) 2);
        stream.copyToHost(Region.of(buffer), host);
        assertThat(host.get(ValueLayout.JAVA_BYTE, BYTES - 1)).isEqualTo((byte) 2);
        stream.record().await(Deadline.after(Duration.ofMinutes(1)));
        assertThat(host.get(ValueLayout.JAVA_BYTE, BYTES - 1)).isEqualTo((byte) 1);
      }
    }
  }

  @Test
  @Tag(DriverChecks.WRONG)
  void aRingThatBelievesTooSoonLoadsWrongBytes() throws IOException {
    SimulatedDriver.get().delay(Duration.ofMillis(300));
    byte[] wanted = new byte[BYTES];
    new Random(1).nextBytes(wanted);
    Path file = Files.write(folder.resolve("bytes"), wanted);
    try (DeviceContext context = new CudaRuntime().open(new Device("cuda", 0))) {
      context.attach();
      assertThat(load(context, context, file)).isEqualTo(wanted);
      assertThat(load(new HastyContext(context), context, file)).isNotEqualTo(wanted);
    }
  }

  /** Reads with few small buffers, all of which are used again. */
  private static byte[] load(DeviceContext given, DeviceContext real, Path file)
      throws LoadException {
    IoOptions options =
        IoOptions.builder(new SilentMonitor())
            .path(AccessPath.COPIED)
            .direct(DirectMode.OFF)
            .threads(1)
            .blockBytes(16 << 10)
            .build();
    RangePlan plan = RangePlan.of(file, BYTES, List.of(new ByteRange(0, BYTES)));
    try (IoSession session = Backends.posix().open(given, options);
        IoTicket ticket = session.submit(plan)) {
      LoadedRanges loaded = ticket.await();
      try (DeviceStream stream = real.newStream();
          DeviceBuffer staging = real.allocateStaging(BYTES);
          DeviceBuffer _ = loaded.buffers().getFirst()) {
        MemorySegment host = staging.host().orElseThrow();
        stream.copyToHost(loaded.regions().getFirst(), host);
        stream.record().await(Deadline.after(Duration.ofMinutes(1)));
        return host.toArray(ValueLayout.JAVA_BYTE);
      }
    }
  }
}
