// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/** Brings bytes to a device and back: staging memory, device memory, a stream. */
final class RoundTrip {
  private RoundTrip() {}

  static byte[] through(DeviceContext context, byte[] bytes, Duration patience)
      throws LoadException {
    try (DeviceBuffer staging = context.allocateStaging(bytes.length);
        DeviceBuffer buffer = context.allocate(bytes.length, 64);
        DeviceStream stream = context.newStream()) {
      MemorySegment host = staging.host().orElseThrow();
      host.copyFrom(MemorySegment.ofArray(bytes));
      stream.copyFromHost(host, Region.of(buffer));
      stream.record().await(Deadline.after(patience));
      host.fill((byte) 0);
      stream.copyToHost(Region.of(buffer), host);
      stream.record().await(Deadline.after(patience));
      return DeviceBench.bytes(host);
    }
  }
}
