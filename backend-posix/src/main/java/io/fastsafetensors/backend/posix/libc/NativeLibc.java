// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import io.fastsafetensors.backend.posix.libc.Libc.FileAdvice;
import io.fastsafetensors.backend.posix.libc.Libc.MemoryAdvice;
import io.fastsafetensors.toolkit.plugin.NativeCall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.BitSet;

/** The real thing. */
final class NativeLibc implements Libc {
  private static final int AT_FDCWD = -100;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int O_CLOEXEC = 0x80000;
  private static final int PROT_READ = 1;
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED = 1;

  /** Without a reservation: else what is never written would count against the machine's memory. */
  private static final int MAP_PRIVATE_NORESERVE = 0x2 | 0x4000;

  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MAP_FIXED = 0x10;
  private static final int MPOL_PREFERRED = 1;
  private static final int CACHESTAT_BYTES = 7 * Long.BYTES;
  private static final int STATFS_BYTES = 120;
  private static final int RWF_NOWAIT = 8;
  private static final int MAX_NODES = 1024;

  /** {@code struct cachestat_range}, then {@code struct cachestat}; one for each thread. */
  private static final ThreadLocal<MemorySegment> CACHESTAT =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CACHESTAT_BYTES, Long.BYTES));

  /** {@code struct iovec}, and the byte that it is about; one for each thread. */
  private static final ThreadLocal<MemorySegment> ONE_BYTE =
      ThreadLocal.withInitial(NativeLibc::oneByte);

  private static final MemorySegment EMPTY_PATH = Arena.global().allocateFrom("");

  private final Syscall syscall = Syscall.bind();
  private final SystemCalls numbers;

  NativeLibc(SystemCalls numbers) {
    this.numbers = numbers;
  }

  @Override
  public int pageSize() {
    return syscall.pageSize();
  }

  @Override
  public int open(Path file, boolean direct) {
    int flags = O_CLOEXEC | (direct ? numbers.directFlag() : 0);
    try (Arena arena = Arena.ofConfined()) {
      long name = NativeCall.name(file, arena).address();
      return (int) call(numbers.openat(), AT_FDCWD, name, flags, 0);
    }
  }

  @Override
  public int reopenDirect(int descriptor) {
    return open(Path.of("/proc/self/fd/" + descriptor), true);
  }

  @Override
  public int close(int descriptor) {
    return (int) call(numbers.close(), descriptor, 0, 0, 0);
  }

  @Override
  public long pread(int descriptor, MemorySegment target, long offset) {
    return syscall.call(numbers.pread64(), descriptor, target, target.byteSize(), offset);
  }

  @Override
  public int statx(int descriptor, MemorySegment facts) {
    return (int)
        syscall.call(
            numbers.statx(),
            descriptor,
            EMPTY_PATH.address(),
            AT_EMPTY_PATH,
            FileFacts.MASK,
            facts.address(),
            0);
  }

  @Override
  public long fileSystem(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment facts = arena.allocate(STATFS_BYTES, Long.BYTES);
      long answer = call(numbers.fstatfs(), descriptor, facts.address(), 0, 0);
      return answer < 0 ? answer : facts.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  @Override
  public int mincore(long address, long length, MemorySegment pages) {
    return (int) call(numbers.mincore(), address, length, pages.address(), 0);
  }

  @Override
  public int peek(int descriptor, long offset) {
    long vector = ONE_BYTE.get().address();
    return (int) syscall.call(numbers.preadv2(), descriptor, vector, 1, offset, 0, RWF_NOWAIT);
  }

  private static MemorySegment oneByte() {
    MemorySegment vector = Arena.ofAuto().allocate(3L * Long.BYTES, Long.BYTES);
    vector.set(ValueLayout.JAVA_LONG, 0, vector.address() + 2 * Long.BYTES);
    vector.set(ValueLayout.JAVA_LONG, Long.BYTES, 1);
    return vector;
  }

  @Override
  public long cachedPages(int descriptor, long offset, long length) {
    MemorySegment range = CACHESTAT.get();
    range.set(ValueLayout.JAVA_LONG, 0, offset);
    range.set(ValueLayout.JAVA_LONG, Long.BYTES, length);
    long result = range.address() + 2 * Long.BYTES;
    long answer = call(SystemCalls.CACHESTAT, descriptor, range.address(), result, 0);
    return answer < 0 ? answer : range.get(ValueLayout.JAVA_LONG, 2L * Long.BYTES);
  }

  @Override
  public int fadvise(int descriptor, long offset, long length, FileAdvice advice) {
    return (int) call(numbers.fadvise64(), descriptor, offset, length, advice.value);
  }

  @Override
  public long mmap(long length, int descriptor, long offset, boolean writable) {
    return map(0, length, descriptor < 0 ? MAP_ANONYMOUS : 0, descriptor, offset, writable);
  }

  @Override
  public long mmapOver(long address, long length) {
    return map(address, length, MAP_ANONYMOUS | MAP_FIXED, -1, 0, true);
  }

  @Override
  public long mmapOver(long address, long length, int descriptor, long offset, boolean writable) {
    return map(address, length, MAP_FIXED, descriptor, offset, writable);
  }

  private long map(
      long address, long length, int flags, int descriptor, long offset, boolean writable) {
    int protection = writable ? PROT_READ_WRITE : PROT_READ;
    int sharing = writable ? MAP_PRIVATE_NORESERVE : MAP_SHARED;
    return syscall.call(
        numbers.mmap(), address, length, protection, sharing | flags, descriptor, offset);
  }

  @Override
  public int munmap(long address, long length) {
    return (int) call(numbers.munmap(), address, length, 0, 0);
  }

  @Override
  public int madvise(long address, long length, MemoryAdvice advice) {
    return (int) call(numbers.madvise(), address, length, advice.value, 0);
  }

  @Override
  public int preferNode(long address, long length, int node) {
    try (Arena arena = Arena.ofConfined()) {
      BitSet nodes = new BitSet();
      nodes.set(node);
      long mask = bits(arena, nodes, MAX_NODES).address();
      return (int)
          syscall.call(numbers.mbind(), address, length, MPOL_PREFERRED, mask, MAX_NODES, 0);
    }
  }

  @Override
  public int currentNode() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment node = arena.allocate(ValueLayout.JAVA_INT);
      long answer = call(numbers.getcpu(), 0, node.address(), 0, 0);
      return answer < 0 ? (int) answer : node.get(ValueLayout.JAVA_INT, 0);
    }
  }

  @Override
  public int runOn(BitSet processors) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = bits(arena, processors, processors.size());
      return (int) call(numbers.schedSetaffinity(), 0, mask.byteSize(), mask.address(), 0);
    }
  }

  private static MemorySegment bits(Arena arena, BitSet set, int bits) {
    MemorySegment mask = arena.allocate(bits / Byte.SIZE, Long.BYTES);
    long[] words = set.toLongArray();
    MemorySegment.copy(words, 0, mask, ValueLayout.JAVA_LONG, 0, words.length);
    return mask;
  }

  private long call(int number, long a, long b, long c, long d) {
    return syscall.call(number, a, b, c, d, 0, 0);
  }

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
}
