// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.host.HostRuntime;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A rank under test, with host memory of its own that is freed with it. */
final class Rank implements AutoCloseable {
  private final Transport group;
  private final DeviceContext context;
  private final DeviceStream stream;
  private final List<DeviceBuffer> buffers = new ArrayList<>();

  Rank(Transport group) throws LoadException {
    this.group = group;
    this.context = new HostRuntime().open(Device.CPU);
    this.stream = context.newStream();
  }

  Transport group() {
    return group;
  }

  int number() {
    return group.rank();
  }

  DeviceStream stream() {
    return stream;
  }

  /** Allocates bytes that are all the same. */
  Region filled(long bytes, int value) throws DeviceMemoryException {
    Region region = zeros(bytes);
    segment(region).fill((byte) value);
    return region;
  }

  Region zeros(long bytes) throws DeviceMemoryException {
    DeviceBuffer buffer = context.allocate(bytes, 64);
    buffers.add(buffer);
    Region region = Region.of(buffer);
    segment(region).fill((byte) 0);
    return region;
  }

  /** Allocates bytes that tell where they are: each is a function of its offset and a seed. */
  Region counted(long bytes, int seed) throws DeviceMemoryException {
    Region region = zeros(bytes);
    segment(region).copyFrom(MemorySegment.ofArray(countedBytes(Math.toIntExact(bytes), seed)));
    return region;
  }

  static byte[] countedBytes(int bytes, int seed) {
    byte[] counted = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      counted[i] = countedByte(i, seed);
    }
    return counted;
  }

  static byte countedByte(long offset, int seed) {
    return (byte) (offset * 31 + (offset >> 8) * 7 + seed);
  }

  byte[] bytes(Region region) {
    return segment(region).toArray(ValueLayout.JAVA_BYTE);
  }

  private static MemorySegment segment(Region region) {
    return region.buffer().host().orElseThrow().asSlice(region.offset(), region.bytes());
  }

  @Override
  public void close() {
    group.close();
    stream.close();
    buffers.forEach(DeviceBuffer::close);
    context.close();
  }
}
