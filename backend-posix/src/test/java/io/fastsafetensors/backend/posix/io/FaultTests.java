// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static io.fastsafetensors.TransferPath.BUFFERED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.testkit.SampleFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong below is a clear error, and leaves nothing open. */
class FaultTests extends FaultFixture {
  @Test
  void brokenStorageIsNamedWithFileAndPlace() {
    with(CountingFaults.brokenAt(4 * MIB));
    assertThatExceptionOfType(TransferException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessage(
            "%s: pread: EIO, input/output error (backend posix, 1048576 bytes at 4194304)",
            file.path());
  }

  @Test
  void interruptedAndShortReadsGoOn() throws IOException {
    AtomicInteger calls = new AtomicInteger();
    with(
        new CountingFaults() {
          @Override
          public long pread(int descriptor, MemorySegment target, long offset) {
            int call = calls.incrementAndGet();
            if (call % 3 == 0) {
              return -Errno.EINTR;
            }
            long part = Math.max(1, target.byteSize() / (call % 5 + 1));
            return super.pread(descriptor, target.asSlice(0, part), offset);
          }
        });
    for (DirectMode mode : DirectMode.values()) {
      loads.direct = mode;
      CachedParts.evict(file.path());
      loads.check(file);
    }
    assertThat(calls).hasValueGreaterThan(40);
  }

  @Test
  void fileSystemThatRefusesToOpenForDirectReadsIsReadBuffered() throws IOException {
    with(
        new CountingFaults() {
          @Override
          public int reopenDirect(int descriptor) {
            return -Errno.EINVAL;
          }
        });
    assertBufferedBecause("not direct: open with O_DIRECT: EINVAL");
  }

  @ParameterizedTest
  @ValueSource(ints = {Errno.EINVAL, Errno.EFAULT})
  void fileSystemOrMemoryThatRefusesDirectReadsIsReadBuffered(int errno) throws IOException {
    AtomicInteger direct = new AtomicInteger(-1);
    with(
        new CountingFaults() {
          @Override
          public int reopenDirect(int descriptor) {
            direct.set(super.reopenDirect(descriptor));
            return direct.get();
          }

          @Override
          public long pread(int descriptor, MemorySegment target, long offset) {
            return descriptor == direct.get() ? -errno : super.pread(descriptor, target, offset);
          }
        });
    assertBufferedBecause("not direct: a read with O_DIRECT: " + Errno.name(errno));
  }

  private void assertBufferedBecause(String reason) throws IOException {
    for (DirectMode mode : List.of(DirectMode.AUTO, DirectMode.ON)) {
      loads.direct = mode;
      CachedParts.evict(file.path());
      var stats = loads.check(file).stats();
      assertThat(stats.bytesByPath()).containsKey(BUFFERED).doesNotContainKey(TransferPath.DIRECT);
      assertThat(stats.reason().toString()).contains(reason);
    }
  }

  @Test
  void missingFileIsNamed() {
    RangePlan plan = new SampleFile(folder.resolve("missing"), 100, 1).whole();
    assertThatExceptionOfType(TransferException.class)
        .isThrownBy(() -> loads.load(plan))
        .withMessageContaining("missing: open: ENOENT");
  }

  @Test
  void tooManyOpenFilesSaysWhatToDo() {
    with(
        new CountingFaults() {
          @Override
          public int open(Path path, boolean direct) {
            return -Errno.EMFILE;
          }
        });
    assertThatExceptionOfType(TransferException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageContaining("raise ulimit -n");
  }

  @Test
  void folderAndForeignFileSystemAreLeftToOthers() throws IOException {
    RangePlan plan = new SampleFile(folder, Files.size(folder), 1).whole();
    assertThatExceptionOfType(UnsupportedTransferException.class)
        .isThrownBy(() -> loads.load(plan))
        .withMessageContaining("no regular file");
  }

  @Test
  void listenerThatThrowsFailsTheLoad() {
    loads.monitor.onBlock =
        () -> {
          throw new IllegalStateException("listener");
        };
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessage("listener");
  }

  @Test
  void readThatHangsEndsTheWaitAtTheDeadline() throws LoadException {
    CountDownLatch hang = new CountDownLatch(1);
    with(
        new CountingFaults() {
          @Override
          public long pread(int descriptor, MemorySegment target, long offset) {
            await(hang);
            return super.pread(descriptor, target, offset);
          }
        });
    try (PosixSession session = loads.session()) {
      loads.monitor.deadline = Deadline.after(Duration.ofMillis(200));
      try (var ticket = session.submit(file.whole())) {
        assertThatExceptionOfType(LoadCancelledException.class)
            .isThrownBy(ticket::await)
            .satisfies(e -> assertThat(e.timedOut()).isTrue());
        hang.countDown();
      }
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
