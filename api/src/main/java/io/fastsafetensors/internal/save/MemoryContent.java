// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Bytes in memory, native or an array of any type.
 *
 * @param bytes all of them
 */
public record MemoryContent(MemorySegment bytes) implements Content.Placed {
  /** Only to ask whether threads other than its owner may touch memory. */
  private static final Thread STRANGER = Thread.ofPlatform().unstarted(() -> {});

  @Override
  public void read(long offset, MemorySegment target) {
    MemorySegment.copy(bytes, offset, target, 0, target.byteSize());
  }

  @Override
  public @Nullable MemorySegment memory() {
    return bytes.isNative() && !isConfined() ? bytes : null;
  }

  @Override
  public boolean isConfined() {
    return !bytes.isAccessibleBy(STRANGER);
  }
}
