// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.device;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.convert.Conversions;
import io.fastsafetensors.internal.parallel.RowCopies;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.MemoryInfo;
import io.fastsafetensors.toolkit.host.HostLimits;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * What runtimes whose memory is host memory share: its size, copies of rows, conversions, and a
 * stream.
 *
 * <p>Blocking and thread-safe; large jobs use all cores.
 *
 * @since 0.1
 */
public final class HostMemory {
  private HostMemory() {}

  /**
   * Tells how much host memory there is for this process: the least of {@link HostLimits#SYSTEM}.
   * Reads a few small files; don't call it per block.
   *
   * @return free and total bytes; empty on platforms other than Linux
   */
  public static Optional<MemoryInfo> memory() {
    return HostLimits.SYSTEM.memory();
  }

  /**
   * Works on host memory.
   *
   * @param <X> what it throws
   * @since 0.1
   */
  @FunctionalInterface
  public interface Viewer<X extends Exception> {
    /**
     * Reads or writes the memory.
     *
     * @param memory the whole buffer, valid during the call
     * @throws X if the work fails
     */
    void see(MemorySegment memory) throws X;
  }

  /**
   * Works on the memory of a buffer without keeping it, which can't be freed meanwhile: to close
   * the buffer is an {@link IllegalStateException}. Unlike {@link DeviceBuffer#host} this gives
   * small buffers of a {@link HostMemoryContext} no arena of their own, which is what takes long to
   * close.
   *
   * @param <X> what the work throws
   * @param buffer the buffer
   * @param viewer the work; it ends soon, and asks the buffer for nothing
   * @return whether the host sees the buffer; if not, nothing was done
   * @throws X if the work fails
   * @throws IllegalStateException if the buffer is closed
   */
  public static <X extends Exception> boolean show(DeviceBuffer buffer, Viewer<X> viewer) throws X {
    if (buffer instanceof SlabBuffer small) {
      small.show(viewer);
      return true;
    }
    Optional<MemorySegment> host = buffer.host();
    if (host.isPresent()) {
      viewer.see(host.get());
    }
    return host.isPresent();
  }

  /**
   * Copies rows.
   *
   * @param source where from, starting at the first row
   * @param sourcePitch from the start of a row to the next, in bytes
   * @param target where to, starting at the first row
   * @param targetPitch from the start of a row to the next, in bytes
   * @param rows how many rows
   * @param rowBytes the size of a row
   * @throws IndexOutOfBoundsException if the rows don't lie in the segments
   */
  public static void copyRows(
      MemorySegment source,
      long sourcePitch,
      MemorySegment target,
      long targetPitch,
      long rows,
      long rowBytes) {
    RowCopies.copyRows(source, sourcePitch, target, targetPitch, rows, rowBytes);
  }

  /**
   * Converts elements by the tables of {@link DType}.
   *
   * @param source the elements, in whole
   * @param from their type
   * @param target space for as many elements; must not overlap the source
   * @param to the new type
   * @throws IllegalArgumentException if {@link #canConvert} says no, or the sizes don't match
   */
  public static void convert(MemorySegment source, DType from, MemorySegment target, DType to) {
    Conversions.convert(source, from, target, to);
  }

  /**
   * Tells whether {@link #convert} knows a pair.
   *
   * @param from the source's type
   * @param to the target's type
   * @return true if it does
   */
  public static boolean canConvert(DType from, DType to) {
    return Conversions.canConvert(from, to);
  }

  /**
   * Makes a stream over host memory that carries out each operation before its call returns.
   *
   * @param context the context that the stream belongs to
   * @return the stream
   */
  public static DeviceStream newStream(DeviceContext context) {
    return new HostStream(context);
  }
}
