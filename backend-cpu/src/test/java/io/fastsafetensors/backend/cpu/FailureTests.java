// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What goes wrong: the right exception, and nothing left behind by the kernel's count. */
@Timeout(120)
class FailureTests {
  private static final int SIZE = 40 * (64 << 10);

  @TempDir Path folder;

  private final RecordingMonitor monitor = new RecordingMonitor();
  private SampleFile file;

  @BeforeEach
  void write() throws IOException {
    file = SampleFiles.write(folder.resolve("sample"), SIZE, 17);
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    ProcSelf.assumeReadable();
    assertThat(ProcSelf.settled(folder)).isEqualTo(ProcSelf.CLEAN);
  }

  private Session copied() throws IOException {
    return Session.open(AccessPath.COPIED, monitor);
  }

  /** Writes other bytes in place; the size stays. */
  private void overwrite() {
    try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.WRITE)) {
      FileTime before = Files.getLastModifiedTime(file.path());
      while (Files.getLastModifiedTime(file.path()).equals(before)) {
        channel.write(ByteBuffer.allocate(4096), SIZE - 4096); // clocks of file systems tick
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void fileOfTheSameSizeThatIsWrittenToMeanwhileIsAnError() throws IOException {
    monitor.afterBlock(this::overwrite);
    try (Session session = copied()) {
      assertThatExceptionOfType(TransferException.class)
          .isThrownBy(() -> session.load(file.whole()))
          .withMessageContaining(file.path().toString())
          .withMessageContaining("the file was written to while it was read");
    }
  }

  @Test
  void fileThatIsReplacedOrDeletedMeanwhileIsReadAsItWas() throws IOException {
    SampleFile other = SampleFiles.write(folder.resolve("other"), SIZE, 18);
    AtomicInteger blocks = new AtomicInteger();
    monitor.afterBlock(() -> {
      try {
        switch (blocks.incrementAndGet()) {
          case 1 -> Files.move(other.path(), file.path(), StandardCopyOption.REPLACE_EXISTING);
          case 2 -> Files.deleteIfExists(file.path());
          default -> {}
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
    try (Session session = copied()) {
      Session.assertLoaded(file, file.whole(), session.load(file.whole()));
    }
  }

  private void truncate(long bytes) {
    try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.WRITE)) {
      channel.truncate(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void fileCutOffWhileItIsCopied() throws IOException {
    monitor.afterBlock(() -> truncate(100));
    try (Session session = copied()) {
      assertThatExceptionOfType(TransferException.class)
          .isThrownBy(() -> session.load(file.whole()))
          .withMessageContaining(file.path().toString())
          .withMessageContaining("had " + SIZE + " bytes")
          .withMessageContaining("load again")
          .isNotInstanceOf(UnsupportedTransferException.class);
    }
  }

  @Test
  void fileThatGrowsWhileItIsCopied() throws IOException {
    monitor.afterBlock(() -> grow(file.path()));
    try (Session session = copied()) {
      assertThatExceptionOfType(TransferException.class)
          .isThrownBy(() -> session.load(file.whole()))
          .withMessageContaining("bytes now");
    }
  }

  private static void grow(Path path) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.APPEND)) {
      channel.write(ByteBuffer.wrap(new byte[10]));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @EnumSource(AccessPath.class)
  void fileOfAnotherSizeThanItsHeaderWasReadWith(AccessPath path) throws IOException {
    try (Session session = Session.open(path, monitor)) {
      for (long planned : new long[] {SIZE + 1, SIZE * 10L}) {
        RangePlan plan = RangePlan.of(file.path(), planned, file.whole().ranges());
        assertThatExceptionOfType(TransferException.class)
            .isThrownBy(() -> session.submit(plan))
            .withMessageContaining(planned + " bytes")
            .withMessageContaining(SIZE + " bytes now");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(AccessPath.class)
  void fileThatIsGone(AccessPath path) throws IOException {
    SampleFile gone = new SampleFile(folder.resolve("gone"), 10, 1);
    try (Session session = Session.open(path, monitor)) {
      assertThatExceptionOfType(TransferException.class)
          .isThrownBy(() -> session.submit(gone.whole()))
          .withMessageContaining("gone: no such file");
    }
  }

  @Test
  void cancellationWhileItIsCopied() throws IOException {
    monitor.afterBlock(monitor::cancel);
    try (Session session = copied()) {
      assertThatExceptionOfType(LoadCancelledException.class)
          .isThrownBy(() -> session.load(file.whole()));
    }
    assertThat(monitor.blocks()).hasSizeLessThanOrEqualTo(3);
  }

  @ParameterizedTest
  @EnumSource(AccessPath.class)
  void interruptedCallerIsToldAndStaysInterrupted(AccessPath path) throws IOException {
    try (Session session = Session.open(path, monitor)) {
      Thread.currentThread().interrupt();
      assertThatExceptionOfType(LoadCancelledException.class)
          .isThrownBy(() -> session.load(file.whole()))
          .matches(e -> !e.timedOut());
      assertThat(Thread.interrupted()).isTrue();
      session.load(file.whole());
    }
  }

  @Test
  void interruptOfAReadingThreadHurtsNoFile() throws IOException {
    monitor.afterBlock(() -> Thread.currentThread().interrupt());
    try (Session session = copied()) {
      Session.assertLoaded(file, file.whole(), session.load(file.whole()));
    }
  }

  @Test
  void failureOfTheProgressListenerIsTheCallers() throws IOException {
    IllegalStateException bug = new IllegalStateException("listener");
    monitor.afterBlock(() -> {
      throw bug;
    });
    for (AccessPath path : AccessPath.values()) {
      try (Session session = Session.open(path, monitor)) {
        assertThatThrownBy(() -> session.load(file.whole())).isSameAs(bug);
      }
    }
  }

  @Test
  void deadlineEndsTheWaitForAReaderThatHangs() throws Exception {
    RecordingMonitor impatient = new RecordingMonitor(Duration.ofMillis(50));
    CountDownLatch end = new CountDownLatch(1);
    impatient.afterBlock(() -> awaitQuietly(end));
    try (Session session = Session.open(AccessPath.COPIED, impatient)) {
      IoTicket ticket = session.submit(file.whole());
      assertThatExceptionOfType(LoadCancelledException.class)
          .isThrownBy(ticket::await)
          .withMessageContaining(file.path().toString())
          .matches(LoadCancelledException::timedOut);
      end.countDown();
      ticket.close();
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void budgetBoundsAllFilesOfTheSession() throws IOException {
    long budget = SIZE + SIZE / 2;
    try (Session session =
            Session.open(
                Session.withBudget(Session.options(AccessPath.COPIED, 0, monitor), budget));
        IoTicket first = session.submit(file.whole())) {
      assertThatExceptionOfType(DeviceMemoryException.class)
          .isThrownBy(() -> session.submit(file.whole()))
          .withMessageContaining("(" + SIZE + " bytes), free")
          .withMessageContaining("(" + SIZE / 2 + " bytes): the memory budget")
          .withMessageContaining("budget of the load is " + budget);
      first.await().buffers().forEach(b -> b.close());
    }
  }

  @Test
  void mappingsAreOutsideTheBudget() throws IOException {
    try (Session session =
        Session.open(Session.withBudget(Session.options(AccessPath.MAPPED, 0, monitor), 1))) {
      Session.assertLoaded(file, file.whole(), session.load(file.whole()));
    }
  }

  @Test
  void directReadsAreForAnotherBackend() throws IOException {
    try (Session session =
        Session.open(
            Session.withDirect(Session.options(AccessPath.COPIED, 0, monitor), DirectMode.ON))) {
      assertThatExceptionOfType(UnsupportedTransferException.class)
          .isThrownBy(() -> session.submit(file.whole()))
          .withMessageContaining("posix");
    }
  }

  @Test
  void closedSessionTakesNoFile() throws IOException {
    Session session = copied();
    session.close();
    session.close();
    assertThatThrownBy(() -> session.submit(file.whole()))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void onlyTheCpuIsServed() {
    IoBackend backend = new CpuIoBackend();
    assertThat(backend.probe(Device.CPU)).isInstanceOf(Availability.Available.class);
    assertThat(backend.probe(Device.parse("cuda:1")))
        .isInstanceOfSatisfying(
            Availability.Unavailable.class,
            no -> assertThat(no.reason().toString()).contains("cuda:1"));
  }
}
