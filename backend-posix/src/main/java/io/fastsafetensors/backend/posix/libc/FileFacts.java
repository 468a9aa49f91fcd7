// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What {@code statx} tells of a file.
 *
 * @param regular whether it is a regular file
 * @param size its size in bytes
 * @param modified its time of change, in nanoseconds
 * @param number its number in the file system
 * @param direct how direct reads have to be aligned
 */
public record FileFacts(
    boolean regular, long size, long modified, long number, DirectRules direct) {
  /** The size of the kernel's structure in bytes. */
  public static final int BYTES = 256;

  /** What to ask for: the basic facts, and {@code STATX_DIOALIGN}. */
  static final int MASK = 0x7ff | 0x2000;

  private static final int REGULAR = 0x8000;
  private static final int TYPE_MASK = 0xf000;

  /** The kernel's structure; one for each thread, as files are asked after each small read. */
  private static final ThreadLocal<MemorySegment> STATX =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(BYTES, Long.BYTES));

  /**
   * Asks for the facts of an open file.
   *
   * @throws ErrnoException if the kernel refuses
   */
  public static FileFacts of(Libc libc, int descriptor) throws ErrnoException {
    MemorySegment facts = STATX.get();
    ErrnoException.check("statx", libc.statx(descriptor, facts));
    return parse(facts);
  }

  /** Reads {@code struct statx}. */
  static FileFacts parse(MemorySegment statx) {
    int mask = statx.get(ValueLayout.JAVA_INT, 0);
    int blockSize = statx.get(ValueLayout.JAVA_INT, 4);
    int mode = Short.toUnsignedInt(statx.get(ValueLayout.JAVA_SHORT, 28));
    long seconds = statx.get(ValueLayout.JAVA_LONG, 112);
    int nanos = statx.get(ValueLayout.JAVA_INT, 120);
    DirectRules direct =
        (mask & 0x2000) == 0
            ? DirectRules.ofBlockSize(blockSize)
            : new DirectRules(
                statx.get(ValueLayout.JAVA_INT, 0x98), statx.get(ValueLayout.JAVA_INT, 0x9c));
    return new FileFacts(
        (mode & TYPE_MASK) == REGULAR,
        statx.get(ValueLayout.JAVA_LONG, 40),
        seconds * 1_000_000_000L + nanos,
        statx.get(ValueLayout.JAVA_LONG, 32),
        direct);
  }

  /**
   * How reads past the page cache have to be aligned.
   *
   * @param memory what the address in memory is a multiple of, in bytes; 0 if there are no such
   *     reads
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
}
