// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * Reads a byte of each page of tensors, by all threads: a mapped file is in memory only after that.
 */
final class Touch {
  private static final long PAGE = 4096;

  /** Small enough to share one tensor between threads, large enough that a task is worth it. */
  private static final long SLICE = 16 << 20;

  private Touch() {}

  /** Submits the pages of a tensor; the result of a task is of no interest. */
  static void submit(Tensor tensor, Path file, TensorWorkers<Integer> workers) throws IOException {
    if (tensor.host().isPresent()) {
      MemorySegment memory = tensor.host().get();
      for (long begin = 0; begin < memory.byteSize(); begin += SLICE) {
        MemorySegment slice = memory.asSlice(begin, Math.min(SLICE, memory.byteSize() - begin));
        workers.submit(LostPagesMessage.named(file, () -> touch(slice)));
      }
    }
  }

  /** The sum keeps the compiler from leaving the reads out. */
  private static int touch(MemorySegment slice) {
    int sum = slice.get(ValueLayout.JAVA_BYTE, slice.byteSize() - 1);
    for (long offset = 0; offset < slice.byteSize(); offset += PAGE) {
      sum += slice.get(ValueLayout.JAVA_BYTE, offset);
    }
    return sum;
  }
}
