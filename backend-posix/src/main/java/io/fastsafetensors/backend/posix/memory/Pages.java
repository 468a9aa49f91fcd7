// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.backend.posix.libc.Libc.MemoryAdvice;
import java.util.OptionalInt;

/**
 * Takes huge pages from the system, and gives them back.
 *
 * @param libc the system
 * @param node where the memory is to be; empty if it doesn't matter
 */
record Pages(Libc libc, OptionalInt node) {
  /** The size of a huge page on x86-64, and on aarch64 with pages of 4 KiB. */
  static final long HUGE = 2L << 20;

  /** Tells whether a page starts at an address. */
  boolean isStart(long address) {
    return (address & (libc.pageSize() - 1)) == 0;
  }

  /**
   * Maps memory that starts at a huge page.
   *
   * @param bytes a multiple of {@link #HUGE}
   * @return the address; no page is there before it is touched
   * @throws ErrnoException if the system refuses
   */
  long map(long bytes) throws ErrnoException {
    long mapped = ErrnoException.check("mmap", libc.mmap(Math.addExact(bytes, HUGE), -1, 0, true));
    long address = (mapped + HUGE - 1) & -HUGE;
    unmap(mapped, address - mapped);
    unmap(address + bytes, mapped + HUGE - address);
    advise(address, bytes);
    return address;
  }

  /**
   * Puts memory in the place of mapped memory; no page is there before it is touched.
   *
   * @throws ErrnoException if the system refuses
   */
  void mapOver(long address, long bytes) throws ErrnoException {
    ErrnoException.check("mmap", libc.mmapOver(address, bytes));
    advise(address, bytes);
  }

  /** Hints: without huge pages, or on another node, the memory is as good, only slower. */
  private void advise(long address, long bytes) {
    libc.madvise(address, bytes, MemoryAdvice.HUGE_PAGE);
    node.ifPresent(number -> libc.preferNode(address, bytes, number));
  }

  void unmap(long address, long bytes) {
    if (bytes > 0) {
      Unmapping.unmap(libc, address, bytes);
    }
  }

  /**
   * Makes the pages of a part of mapped memory be there.
   *
   * @return {@code bytes}
   * @throws ErrnoException if there are not enough
   */
  long touch(long address, long bytes) throws ErrnoException {
    long begin = address & -libc.pageSize();
    long answer;
    do {
      answer = libc.madvise(begin, address + bytes - begin, MemoryAdvice.POPULATE_WRITE);
    } while (answer == -Errno.EINTR);
    // Kernels before 5.14 don't know the advice; there pages come when they are first written.
    if (answer != -Errno.EINVAL) {
      ErrnoException.check("madvise", answer);
    }
    return bytes;
  }
}
