// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.libc.Faults;
import io.fastsafetensors.backend.posix.libc.Libc.MemoryAdvice;
import io.fastsafetensors.backend.posix.memory.LinuxContext;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads past the page cache and copies from it don't wait for each other. */
class LanesTests {
  private static final long MIB = 1 << 20;

  /** Knows which reads go past the page cache. */
  private static class KnowsDirectReads extends Faults {
    private volatile int direct = -1;

    @Override
    public int reopenDirect(int descriptor) {
      direct = super.reopenDirect(descriptor);
      return direct;
    }

    final boolean isDirect(int descriptor) {
      return descriptor == direct;
    }
  }

  /** Holds reads of one kind until those of the other are done, and some of this kind are held. */
  private static final class OneKindHangs extends KnowsDirectReads {
    private final boolean directHangs;
    private final CountDownLatch othersDone;
    private final CountDownLatch held;
    final AtomicInteger most = new AtomicInteger();
    private final AtomicInteger now = new AtomicInteger();

    OneKindHangs(boolean directHangs, int others, int held) {
      this.directHangs = directHangs;
      this.othersDone = new CountDownLatch(others);
      this.held = new CountDownLatch(held);
    }

    @Override
    public long pread(int descriptor, MemorySegment target, long offset) {
      boolean hangs = isDirect(descriptor) == directHangs;
      if (hangs) {
        most.accumulateAndGet(now.incrementAndGet(), Math::max);
        held.countDown();
        await();
      }
      long answer = super.pread(descriptor, target, offset);
      if (hangs) {
        now.decrementAndGet();
      } else {
        othersDone.countDown();
      }
      return answer;
    }

    private void await() {
      try {
        assertThat(othersDone.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(held.await(30, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private final Loads loads = new Loads();
  private SampleFile file;

  @TempDir Path folder;

  @BeforeEach
  void writeHalfCached() throws IOException {
    file = SampleFiles.write(folder.resolve("f"), 32 * MIB, 1);
    CachedParts.warmOnly(file.path(), 16 * MIB);
    loads.blockBytes = MIB;
  }

  @AfterEach
  void close() {
    loads.close();
  }

  @Test
  void copiesGoOnWhileStorageHangs() throws IOException {
    OneKindHangs libc = new OneKindHangs(true, 16, 8);
    loads.libc = libc;
    loads.check(file);
    assertThat(libc.most).hasValue(8);
  }

  @Test
  void storageIsReadWhileCopiesHang() throws IOException {
    OneKindHangs libc = new OneKindHangs(false, 16, 1);
    loads.libc = libc;
    loads.check(file);
    assertThat(libc.most).hasValueLessThanOrEqualTo(Runtime.getRuntime().availableProcessors());
  }

  /** Counts copies that begin, and go on, while storage is read; that waits for some of them. */
  private static final class CopiesDuringReads extends KnowsDirectReads {
    private final AtomicInteger reads = new AtomicInteger();
    private final AtomicInteger copies = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final CountDownLatch some = new CountDownLatch(12);

    @Override
    public long pread(int descriptor, MemorySegment target, long offset) {
      try {
        return isDirect(descriptor)
            ? read(descriptor, target, offset)
            : copy(descriptor, target, offset);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    private long read(int descriptor, MemorySegment target, long offset)
        throws InterruptedException {
      reads.incrementAndGet();
      assertThat(some.await(30, TimeUnit.SECONDS)).isTrue();
      long answer = super.pread(descriptor, target, offset);
      reads.decrementAndGet();
      return answer;
    }

    private long copy(int descriptor, MemorySegment target, long offset)
        throws InterruptedException {
      boolean counts = reads.get() > 0;
      int now = counts ? copies.incrementAndGet() : 0;
      Thread.sleep(5);
      most.accumulateAndGet(now, Math::max);
      copies.addAndGet(counts ? -1 : 0);
      some.countDown();
      return super.pread(descriptor, target, offset);
    }
  }

  @Test
  void aProcessorIsLeftToStorage() throws IOException {
    CopiesDuringReads libc = new CopiesDuringReads();
    loads.libc = libc;
    loads.check(file);
    int processors = Math.min(16, Runtime.getRuntime().availableProcessors());
    assertThat(libc.most).hasValueBetween(1, Math.max(1, processors - 1));
  }

  /** Counts what is made ready while storage does nothing. */
  private static final class StorageHangs extends Faults {
    private final Set<Long> ready = ConcurrentHashMap.newKeySet();
    private volatile int readyWhileHanging;
    private final CountDownLatch over = new CountDownLatch(1);
    private final AtomicBoolean first = new AtomicBoolean(true);

    @Override
    public int madvise(long address, long length, MemoryAdvice advice) {
      if (advice == MemoryAdvice.POPULATE_WRITE) {
        ready.add(address);
      }
      return super.madvise(address, length, advice);
    }

    @Override
    public long pread(int descriptor, MemorySegment target, long offset) {
      try {
        if (first.getAndSet(false)) {
          for (int before = -1; before != ready.size(); Thread.sleep(300)) {
            before = ready.size();
          }
          readyWhileHanging = ready.size();
          over.countDown();
        }
        assertThat(over.await(30, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      return super.pread(descriptor, target, offset);
    }
  }

  /** New memory is cleared ahead of reads, but never so far that reads lack processors. */
  @Test
  void memoryIsMadeReadyAsFarAheadAsStorageReads() throws IOException {
    SampleFile cold = SampleFiles.write(folder.resolve("cold"), 160 * MIB, 1);
    CachedParts.evict(cold.path());
    StorageHangs libc = new StorageHangs();
    loads.libc = libc;
    loads.context.close();
    loads.context = new LinuxContext(libc, OptionalInt.empty(), 0);
    loads.check(cold);
    int processors = Runtime.getRuntime().availableProcessors();
    int depth = Math.clamp(2L * processors, 8, 32);
    // Each thread but those that read may be about to make one more ready.
    assertThat(libc.readyWhileHanging).isBetween(depth, 2 * depth + processors);
    assertThat(libc.ready).hasSizeGreaterThanOrEqualTo(160);
  }

  @Test
  void oneThreadIsEnoughForBoth() throws IOException {
    loads.threads = 1;
    assertThat(loads.check(file).stats().bytesByPath())
        .containsEntry(TransferPath.CACHED, 16 * MIB)
        .containsEntry(TransferPath.DIRECT, 16 * MIB);
  }

  @Test
  void filesAreInterleaved() throws IOException {
    SampleFile other = SampleFiles.write(folder.resolve("g"), 32 * MIB, 2);
    loads.threads = 1;
    try (PosixSession session = loads.session();
        IoTicket first = session.submit(file.whole());
        IoTicket second = session.submit(other.whole())) {
      LoadedRanges loaded = first.await();
      Loads.compare(file, file.whole(), loaded);
      Loads.release(loaded);
      Loads.release(second.await());
    }
    assertThat(loads.monitor.files.subList(0, 16)).contains(file.path(), other.path());
  }
}
