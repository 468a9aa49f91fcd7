// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.device;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.MemoryInfo;
import io.fastsafetensors.toolkit.host.HostLimits;
import io.fastsafetensors.toolkit.host.MemoryReservation;
import java.lang.foreign.Arena;

/**
 * A context of {@code cpu} with memory from the Java platform; others take large memory elsewhere.
 *
 * <p>Thread-safe; nothing here blocks.
 *
 * @since 0.1
 */
public class HostMemoryContext implements DeviceContext {
  /** The largest base page of the platforms that Java runs on. */
  private static final long PAGE = 64 << 10;

  /** Smaller pieces cost more to ask for than to make, and are what the margin is for. */
  private static final long WORTH_ASKING = 64 << 10;

  /** Larger ones waste too much of a slab. */
  private static final long SMALL_ALIGNMENT = 4 << 10;

  private final Slabs slabs = new Slabs();
  private final HostLimits limits;
  private volatile boolean closed;

  /**
   * Makes a context.
   *
   * @param limits how much memory there is
   */
  public HostMemoryContext(HostLimits limits) {
    this.limits = limits;
  }

  @Override
  public final Device device() {
    return Device.CPU;
  }

  @Override
  public final void attach() {}

  @Override
  public DeviceBuffer allocateStaging(long bytes) throws DeviceMemoryException {
    if (bytes < 1) {
      throw new IllegalArgumentException("staging memory of " + bytes + " bytes");
    }
    return allocate(bytes, PAGE);
  }

  /**
   * Checks what {@link #allocate} was asked for.
   *
   * @param bytes the size
   * @param alignment what the address is to be a multiple of
   * @throws IllegalArgumentException if there is no such size or alignment
   * @throws IllegalStateException if this context is closed
   */
  protected final void checkRequest(long bytes, long alignment) {
    checkOpen();
    if (bytes < 0 || alignment < 1 || Long.bitCount(alignment) != 1) {
      throw new IllegalArgumentException(bytes + " bytes aligned to " + alignment);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>All pages are there. Many small buffers share an arena until their segment is asked for; see
   * {@link HostMemory#show}.
   */
  @Override
  public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
    checkRequest(bytes, alignment);
    if (bytes < WORTH_ASKING && alignment <= SMALL_ALIGNMENT) {
      return new SlabBuffer(slabs, bytes, alignment);
    }
    try (MemoryReservation promise = limits.reserve(bytes)) {
      return promise.<DeviceBuffer, DeviceMemoryException>make(
          bytes, () -> arenaBuffer(bytes, alignment));
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // the buffer closes the arena
  private DeviceBuffer arenaBuffer(long bytes, long alignment) throws DeviceMemoryException {
    Arena arena = Arena.ofShared();
    try {
      return DeviceBuffer.ofHost(arena.allocate(bytes, alignment), arena::close);
    } catch (OutOfMemoryError | IllegalArgumentException e) {
      // Besides the native heap's own answer, the JDK refuses sizes near 2^63 as an argument.
      arena.close();
      throw limits.exceeded(bytes, e);
    }
  }

  @Override
  public final DeviceStream newStream() {
    checkOpen();
    return HostMemory.newStream(this);
  }

  @Override
  public final boolean canConvert(DType from, DType to) {
    return HostMemory.canConvert(from, to);
  }

  @Override
  public final MemoryInfo memory() throws LoadException {
    return limits
        .memory()
        .orElseThrow(() -> new LoadException("cpu: this platform does not tell its memory"));
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this context of cpu is closed");
    }
  }

  @Override
  public void close() {
    closed = true;
    slabs.close();
  }
}
