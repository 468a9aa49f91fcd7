// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.host.HostRuntime;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** Memory that a user brought, native or an array; it stays the user's. */
final class SegmentBuffer implements DeviceBuffer {
  private final TensorSpec spec;
  private final MemorySegment segment;

  private SegmentBuffer(TensorSpec spec, MemorySegment segment) {
    this.spec = spec;
    this.segment = segment;
  }

  /** What copies of such tensors are made by; it holds nothing itself. */
  private static final class Host {
    static final SharedContext CONTEXT = open();

    private static SharedContext open() {
      try {
        return new SharedContext(new HostRuntime().open(Device.CPU), List.of());
      } catch (LoadException e) {
        throw new AssertionError("host memory is always there", e);
      }
    }
  }

  /**
   * Makes a tensor's elements of a segment.
   *
   * @throws IllegalArgumentException if the segment has another size than they need
   */
  static Piece piece(TensorSpec spec, MemorySegment segment) {
    long wanted = bytes(spec);
    if (segment.byteSize() != wanted) {
      throw new IllegalArgumentException(
          "tensor %s takes %s bytes, not the segment's %s"
              .formatted(spec, wanted, segment.byteSize()));
    }
    SegmentBuffer buffer = new SegmentBuffer(spec, segment);
    return new Piece(spec, Memory.borrowed(Host.CONTEXT, buffer), Region.of(buffer));
  }

  private static long bytes(TensorSpec spec) {
    try {
      return spec.bytes();
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("tensor " + spec + ": " + e.getMessage(), e);
    }
  }

  @Override
  public Device device() {
    return Device.CPU;
  }

  @Override
  public long address() {
    MemorySegment alive = alive();
    if (!alive.isNative()) {
      throw new UnsupportedOperationException(
          "tensor %s is in a Java array, which has no address: allocate its segment in an Arena"
              .formatted(spec));
    }
    return alive.address();
  }

  @Override
  public long size() {
    return segment.byteSize();
  }

  @Override
  public Optional<MemorySegment> host() {
    return Optional.of(alive());
  }

  private MemorySegment alive() {
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("tensor " + spec + " has ended: its segment is closed");
    }
    return segment;
  }

  @Override
  public void close() {}
}
