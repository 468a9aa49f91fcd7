// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.host;

import java.lang.foreign.MemorySegment;

/** Copies of rows in host memory. */
public final class HostCopies {
  private HostCopies() {}

  /** Copies rows; see {@link io.fastsafetensors.spi.HostMemory#copyRows}. */
  public static void copyRows(
      MemorySegment source,
      long sourcePitch,
      MemorySegment target,
      long targetPitch,
      long rows,
      long rowBytes) {
    for (long row = 0; row < rows; row++) {
      MemorySegment.copy(source, row * sourcePitch, target, row * targetPitch, rowBytes);
    }
  }
}
