// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

/**
 * How reads past the page cache have to be aligned.
 *
 * @param memory what the address in memory is a multiple of, in bytes; 0 if there are no such reads
 * @param offset what offset and length in the file are multiples of, in bytes; 0 if there are no
 *     such reads
 */
public record DirectRules(int memory, int offset) {
  private static final int SMALLEST = 4096;
  private static final int LARGEST = 1 << 16;

  /** Guesses from the size of the file system's blocks, where the kernel doesn't tell. */
  static DirectRules ofBlockSize(int blockSize) {
    boolean usable = Integer.bitCount(blockSize) == 1 && blockSize <= LARGEST;
    int alignment = usable ? Math.max(SMALLEST, blockSize) : SMALLEST;
    return new DirectRules(alignment, alignment);
  }

  /** Tells whether the file system reads past the page cache at all. */
  public boolean allowed() {
    return memory > 0 && offset > 0;
  }
}
