// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

/**
 * The numbers that differ between processors: system calls, by their names, and a flag.
 *
 * @param directFlag the value of {@code O_DIRECT}
 */
record SystemCalls(
    int openat,
    int close,
    int pread64,
    int statx,
    int fadvise64,
    int mmap,
    int munmap,
    int madvise,
    int mbind,
    int getcpu,
    int schedSetaffinity,
    int fstatfs,
    int mincore,
    int preadv2,
    int directFlag) {
  /** The number of {@code cachestat}, which is the same everywhere. */
  static final int CACHESTAT = 451;

  private static final SystemCalls X86_64 =
      new SystemCalls(257, 3, 17, 332, 221, 9, 11, 28, 237, 309, 203, 138, 27, 327, 0x4000);
  private static final SystemCalls AARCH64 =
      new SystemCalls(56, 57, 67, 291, 223, 222, 215, 233, 235, 168, 122, 44, 232, 286, 0x10000);

  /** Returns those of a processor that {@code NativeBinding.linux} named. */
  static SystemCalls of(String processor) {
    return processor.equals("x86_64") ? X86_64 : AARCH64;
  }
}
