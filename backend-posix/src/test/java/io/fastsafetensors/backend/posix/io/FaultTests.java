// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static io.fastsafetensors.TransferPath.BUFFERED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.LoadCancelledException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.Faults;
import io.fastsafetensors.backend.posix.libc.MemoryAdvice;
import io.fastsafetensors.backend.posix.memory.LinuxContext;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What goes wrong below is a clear error, and leaves nothing open. */
class FaultTests {
  private static final long MIB = 1 << 20;

  /** Counts what is open, besides failing where a test says so. */
  private static class CountingFaults extends Faults {
    final AtomicInteger openFiles = new AtomicInteger();
    final AtomicLong mappedBytes = new AtomicLong();

    @Override
    public int open(Path file, boolean direct) {
      return count(super.open(file, direct));
    }

    @Override
    public int reopenDirect(int descriptor) {
      return count(super.reopenDirect(descriptor));
    }

    private int count(int descriptor) {
      openFiles.addAndGet(descriptor < 0 ? 0 : 1);
      return descriptor;
    }

    @Override
    public int close(int descriptor) {
      openFiles.decrementAndGet();
      return super.close(descriptor);
    }

    @Override
    public long mmap(long length, int descriptor, long offset) {
      long address = super.mmap(length, descriptor, offset);
      mappedBytes.addAndGet(address < 0 ? 0 : length);
      return address;
    }

    @Override
    public int munmap(long address, long length) {
      mappedBytes.addAndGet(-length);
      return super.munmap(address, length);
    }
  }

  private final Loads loads = new Loads();
  private SampleFile file;
  private CountingFaults faults = new CountingFaults();

  @TempDir Path folder;

  @BeforeEach
  void write() throws IOException {
    file = SampleFiles.write(folder.resolve("f"), 9 * MIB + 77, 3);
    loads.blockBytes = MIB;
  }

  /** Loads with what may fail; afterwards nothing may be open. */
  private void with(CountingFaults libc) {
    faults = libc;
    loads.context.close();
    loads.libc = libc;
    loads.context = new LinuxContext(libc, OptionalInt.empty(), 1L << 30);
  }

  @AfterEach
  void nothingIsOpen() {
    loads.close();
    assertThat(faults.openFiles).hasValue(0);
    assertThat(faults.mappedBytes).hasValue(0);
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("fastsafetensors-posix"));
  }

  @Test
  void brokenStorageIsNamedWithFileAndPlace() {
    with(
        new CountingFaults() {
          @Override
          public long pread(int descriptor, MemorySegment target, long offset) {
            return offset == 4 * MIB ? -Errno.EIO : super.pread(descriptor, target, offset);
          }
        });
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

  @Test
  void fileSystemThatRefusesDirectReadsIsReadBuffered() throws IOException {
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
            return descriptor == direct.get()
                ? -Errno.EINVAL
                : super.pread(descriptor, target, offset);
          }
        });
    assertBufferedBecause("not direct: a read with O_DIRECT: EINVAL");
  }

  private void assertBufferedBecause(String reason) throws IOException {
    for (DirectMode mode : List.of(DirectMode.AUTO, DirectMode.ON)) {
      loads.direct = mode;
      CachedParts.evict(file.path());
      var stats = loads.check(file).stats();
      assertThat(stats.bytesByPath()).containsKey(BUFFERED).doesNotContainKey(TransferPath.DIRECT);
      assertThat(stats.reason()).contains(reason);
    }
  }

  @Test
  void unknownResidencyMeansNotCached() throws IOException {
    with(
        new CountingFaults() {
          @Override
          public long cachedPages(int descriptor, long offset, long length) {
            return -Errno.EPERM;
          }
        });
    loads.path = AccessPath.AUTO;
    assertThat(loads.check(file).stats().bytesByPath()).containsOnlyKeys(TransferPath.DIRECT);
  }

  @Test
  void missingFileIsNamed() {
    with(faults);
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
    with(faults);
    RangePlan plan = new SampleFile(folder, Files.size(folder), 1).whole();
    assertThatExceptionOfType(UnsupportedTransferException.class)
        .isThrownBy(() -> loads.load(plan))
        .withMessageContaining("no regular file");
  }

  @Test
  void fileOfAnotherSizeThanPlannedIsAnError() {
    with(faults);
    RangePlan longer = new SampleFile(file.path(), file.bytes() + 1, 1).whole();
    assertThatExceptionOfType(TransferException.class)
        .isThrownBy(() -> loads.load(longer))
        .withMessageContaining("it had 9437262 bytes, and has 9437261 now");
  }

  @ParameterizedTest
  @EnumSource(DirectMode.class)
  void fileCutWhileItIsReadIsAnError(DirectMode mode) {
    with(faults);
    loads.direct = mode;
    loads.threads = 1;
    loads.monitor.onBlock = () -> cut(file.path());
    assertThatExceptionOfType(TransferException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageMatching("(?s).*(it was cut while it was read|the file changed).*");
  }

  private static void cut(Path path) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.truncate(MIB / 2);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void fileWrittenToWhileItIsReadIsAnError() {
    with(faults);
    loads.monitor.onBlock = () -> overwrite(file.path());
    assertThatExceptionOfType(TransferException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageContaining("the file was written to while it was read");
  }

  private static void overwrite(Path path) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      TimeUnit.MILLISECONDS.sleep(20); // clocks of files are coarse
      channel.write(ByteBuffer.wrap(new byte[10]), 8 * MIB);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void replacedFileIsReadAsItWas() throws IOException {
    with(faults);
    loads.threads = 1;
    loads.monitor.onBlock = () -> replace(file.path());
    loads.check(file);
  }

  private static void replace(Path path) {
    try {
      Path other = Files.writeString(path.resolveSibling("other"), "something else");
      Files.move(other, path, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void budgetIsForAllFilesOfASession() throws LoadException {
    with(faults);
    loads.budget = 15 * MIB;
    try (PosixSession session = loads.session();
        var first = session.submit(file.whole())) {
      assertThatExceptionOfType(DeviceMemoryException.class)
          .isThrownBy(() -> session.submit(file.whole()))
          .withMessageContaining("the memory budget is 15728640 bytes");
      Loads.release(first.await());
    }
  }

  @Test
  void memoryThatIsNotThereIsAnError() {
    with(
        new CountingFaults() {
          @Override
          public int madvise(long address, long length, MemoryAdvice advice) {
            return advice == MemoryAdvice.POPULATE_WRITE
                ? -Errno.ENOMEM
                : super.madvise(address, length, advice);
          }
        });
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageContaining("madvise: ENOMEM");
  }

  @Test
  void addressSpaceThatIsNotThereIsAnError() {
    with(
        new CountingFaults() {
          @Override
          public long mmap(long length, int descriptor, long offset) {
            return -Errno.ENOMEM;
          }
        });
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageContaining("mmap: ENOMEM");
    loads.path = AccessPath.MAPPED;
    assertThatExceptionOfType(UnsupportedTransferException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageContaining("can't be mapped: mmap: ENOMEM");
  }

  @Test
  void oldKernelsNeedNoPopulate() throws IOException {
    with(
        new CountingFaults() {
          @Override
          public int madvise(long address, long length, MemoryAdvice advice) {
            return -Errno.EINVAL;
          }
        });
    for (AccessPath path : AccessPath.values()) {
      loads.path = path;
      loads.check(file);
    }
  }

  @Test
  void listenerThatThrowsFailsTheLoad() {
    with(faults);
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
