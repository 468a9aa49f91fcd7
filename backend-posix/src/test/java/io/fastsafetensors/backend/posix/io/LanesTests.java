// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.libc.Faults;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads past the page cache and copies from it don't wait for each other. */
class LanesTests {
  private static final long MIB = 1 << 20;

  /** Holds reads of one kind until those of the other are done, and some of this kind are held. */
  private static final class OneKindHangs extends Faults {
    private final boolean directHangs;
    private final CountDownLatch othersDone;
    private final CountDownLatch held;
    private volatile int direct = -1;
    final AtomicInteger most = new AtomicInteger();
    private final AtomicInteger now = new AtomicInteger();

    OneKindHangs(boolean directHangs, int others, int held) {
      this.directHangs = directHangs;
      this.othersDone = new CountDownLatch(others);
      this.held = new CountDownLatch(held);
    }

    @Override
    public int reopenDirect(int descriptor) {
      direct = super.reopenDirect(descriptor);
      return direct;
    }

    @Override
    public long pread(int descriptor, MemorySegment target, long offset) {
      boolean hangs = (descriptor == direct) == directHangs;
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
