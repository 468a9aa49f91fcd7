// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import io.fastsafetensors.toolkit.plugin.NativeBinding;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.BitSet;

/**
 * What the module asks of the operating system.
 *
 * <p>Every function answers as the kernel does: a value of 0 or more, or the negated error number
 * (see {@link Errno}). Nothing is retried and nothing is thrown. Thread-safe. Tests put errors in
 * through an implementation of their own.
 */
public interface Libc {
  /** That of this process. */
  NativeBinding<Libc> SYSTEM = of(System.getProperty("os.name"), System.getProperty("os.arch"));

  /** Returns that of a system, named as in the properties {@code os.name, os.arch}. */
  static NativeBinding<Libc> of(String os, String arch) {
    return new NativeBinding<>(
        "the C library",
        () -> new NativeLibc(NativeLibc.SystemCalls.of(NativeBinding.linux(os, arch))),
        "io.fastsafetensors.backend.posix");
  }

  /** Answers the size of a page in bytes. */
  int pageSize();

  /** Opens a file for reading, closed on exec; past the page cache if {@code direct}. */
  int open(Path file, boolean direct);

  /** Opens the file behind a descriptor once more, so that both are the same file for sure. */
  int reopenDirect(int descriptor);

  /** Closes a descriptor. */
  int close(int descriptor);

  /**
   * Reads into native memory from a place of the file; answers how many bytes, 0 at its end. {@link
   * NativeLibc} asks the kernel by {@link Syscall}.
   */
  long pread(int descriptor, MemorySegment target, long offset);

  /** Asks for the facts of an open file; {@code facts} has {@link FileFacts#BYTES} bytes. */
  int statx(int descriptor, MemorySegment facts);

  /** Answers the number of an open file's type of file system, see {@link FileSystemType}. */
  long fileSystem(int descriptor);

  /** Counts the pages of a part of a file that are in the page cache. */
  long cachedPages(int descriptor, long offset, long length);

  /**
   * Tells of each page of a mapping whether it is in the page cache, by the lowest bit of a byte.
   */
  int mincore(long address, long length, MemorySegment pages);

  /**
   * Reads one byte if it is in the page cache: answers 1, or the negated {@link Errno#EAGAIN} if it
   * isn't. The kernel then starts to read its page.
   */
  int peek(int descriptor, long offset);

  /** Tells how a part of a file will be used. */
  int fadvise(int descriptor, long offset, long length, FileAdvice advice);

  /**
   * Maps private memory, which is writable, or a file if the descriptor is not negative: for
   * reading, or as writable memory of which each page is private from the first write to it on.
   */
  long mmap(long length, int descriptor, long offset, boolean writable);

  /** Puts private memory in the place of mapped memory, which goes when that is unmapped. */
  long mmapOver(long address, long length);

  /** Maps a file in the place of mapped memory, which goes when that is unmapped. */
  long mmapOver(long address, long length, int descriptor, long offset, boolean writable);

  /** Unmaps memory. */
  int munmap(long address, long length);

  /** Tells how memory will be used. */
  int madvise(long address, long length, MemoryAdvice advice);

  /** Prefers a node for those pages of memory that are not there yet. */
  int preferNode(long address, long length, int node);

  /** Answers the node of the processor that runs the calling thread. */
  int currentNode();

  /** Lets the calling thread run on these processors only. */
  int runOn(BitSet processors);

  /** How a part of a file will be used: {@code POSIX_FADV_*}. */
  enum FileAdvice {
    /** At random places: nothing is read ahead. */
    RANDOM(1),
    /** Soon: the kernel starts reading it into the page cache. */
    WILL_NEED(3),
    /** Not again: clean pages leave the page cache. */
    DONT_NEED(4);

    final int value;

    FileAdvice(int value) {
      this.value = value;
    }
  }

  /** How memory will be used: {@code MADV_*}. */
  enum MemoryAdvice {
    /** Not any more: the kernel takes the pages back, or out of the mapping of a file. */
    DONT_NEED(4),
    /** In huge pages, where the kernel allows. */
    HUGE_PAGE(14),
    /** To be read now: the kernel maps its pages, reading what is not in the page cache. */
    POPULATE_READ(22),
    /** To be written now: the kernel provides its pages. */
    POPULATE_WRITE(23);

    final int value;

    MemoryAdvice(int value) {
      this.value = value;
    }
  }
}
