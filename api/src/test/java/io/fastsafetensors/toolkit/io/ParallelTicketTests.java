// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.TransferStats;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ParallelTicketTests {
  private static final Path FILE = Path.of("some.safetensors");
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final LoadedRanges NOTHING =
      LoadedRanges.of(List.of(), List.of(), TransferStats.builder().reason("a test").build());

  private record Monitor(Deadline deadline, boolean cancelled) implements IoMonitor {
    @Override
    public void blockDone(Path file, TransferPath path, long offset, long bytes, long nanos) {}

    @Override
    public LoadMemory memory() {
      return PlannedMemory.unplanned();
    }

    @Override
    public void checkpoint() throws LoadCancelledException {
      if (cancelled) {
        throw new LoadCancelledException("cancelled by the test", false);
      }
    }
  }

  private static final class Ticket extends ParallelTicket {
    final List<String> ends = new ArrayList<>();
    @Nullable LoadException finishFails;

    Ticket(long jobs, Monitor monitor) {
      super(FILE, monitor, jobs);
    }

    @Override
    protected LoadedRanges finish() throws LoadException {
      ends.add("finished");
      if (finishFails != null) {
        throw finishFails;
      }
      return NOTHING;
    }

    @Override
    protected synchronized void release(boolean handedOut) {
      ends.add(handedOut ? "handed out" : "freed");
    }

    synchronized List<String> ends() {
      return List.copyOf(ends);
    }
  }

  private static Ticket ticket(long jobs) {
    return new Ticket(jobs, new Monitor(Deadline.after(LONG), false));
  }

  @Test
  void lastJobEndsTheWaitAndTheCallerKeepsTheRanges() throws LoadException {
    Ticket ticket = ticket(1);
    ticket.run(() -> ticket.add(1));
    ticket.run(() -> assertThat(ticket.isStopped()).isFalse());
    assertThat(ticket.ends).isEmpty();
    assertThat(ticket.await()).isSameAs(NOTHING);
    ticket.close();

    assertThat(ticket.ends).containsExactly("finished", "handed out");
  }

  @Test
  void fileWithoutJobsIsThereAtOnce() throws LoadException {
    assertThat(ticket(0).await()).isSameAs(NOTHING);
  }

  @Test
  void whatNobodyAwaitedIsFreedOnce() {
    Ticket ticket = ticket(1);
    ticket.run(() -> {});
    ticket.close();
    ticket.close();

    assertThat(ticket.ends).containsExactly("freed");
  }

  @Test
  void ticketIsAwaitedOnceAndNotAfterItsEnd() throws LoadException {
    Ticket awaited = ticket(0);
    awaited.await();
    assertThatIllegalStateException().isThrownBy(awaited::await).withMessageContaining("some.safe");
    Ticket closed = ticket(0);
    closed.close();
    assertThatIllegalStateException().isThrownBy(closed::await);
    assertThat(closed.ends).containsExactly("freed");
  }

  @Test
  void firstFailureCountsAndStopsTheOthers() {
    Ticket ticket = ticket(3);
    AtomicInteger ran = new AtomicInteger();
    LoadException failure = new LoadException("first");
    ticket.run(() -> {
      throw failure;
    });
    ticket.fail(new LoadException("second"));
    ticket.run(ran::incrementAndGet);

    assertThatThrownBy(ticket::await).isSameAs(failure);
    assertThat(ran).hasValue(0);
    assertThat(ticket.isStopped()).isTrue();
    ticket.close();
    assertThat(ticket.ends).containsExactly("freed");
  }

  @Test
  void failureThatShowsAfterTheLastJobCounts() {
    Ticket ticket = ticket(1);
    ticket.run(() -> {});
    LoadException failure = new LoadException("a copy");
    ticket.fail(failure);
    assertThatThrownBy(ticket::await).isSameAs(failure);
  }

  @Test
  void failureThatShowsAfterItWasFinishedCounts() {
    LoadException failure = new LoadException("another thread's copy");
    ParallelTicket ticket =
        new ParallelTicket(FILE, new Monitor(Deadline.after(LONG), false), 0) {
          @Override
          protected LoadedRanges finish() {
            fail(failure);
            return NOTHING;
          }

          @Override
          protected void release(boolean handedOut) {
            assertThat(handedOut).isFalse();
          }
        };
    assertThatThrownBy(ticket::await).isSameAs(failure);
    ticket.close();
  }

  @Test
  void failureToFinishFreesTheMemory() {
    Ticket ticket = ticket(0);
    ticket.finishFails = new LoadException("finish");

    assertThatThrownBy(ticket::await).isSameAs(ticket.finishFails);
    ticket.close();
    assertThat(ticket.ends).containsExactly("finished", "freed");
  }

  @Test
  void errorOfAJobIsTheCallers() {
    for (Throwable thrown : List.of(new IllegalStateException("bug"), new OutOfMemoryError("x"))) {
      Ticket ticket = ticket(1);
      ticket.run(() -> sneak(thrown));
      assertThatThrownBy(ticket::await).isSameAs(thrown);
    }
    Ticket ticket = ticket(1);
    Exception checked = new Exception("from another language");
    ticket.run(() -> sneak(checked));
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(ticket::await)
        .withMessageContaining("some.safetensors")
        .withCause(checked);
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <T extends Throwable> void sneak(Throwable thrown) throws T {
    throw (T) thrown;
  }

  /** A thread with a job that ends when the test says so. */
  private static final class Worker {
    private final CountDownLatch mayEnd = new CountDownLatch(1);
    private final Thread thread;

    Worker(ParallelTicket ticket) throws InterruptedException {
      CountDownLatch running = new CountDownLatch(1);
      thread = Thread.startVirtualThread(() -> ticket.run(() -> hold(running)));
      running.await();
    }

    private void hold(CountDownLatch running) {
      running.countDown();
      try {
        assertThat(mayEnd.await(50, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    void end() throws InterruptedException {
      mayEnd.countDown();
      thread.join();
    }
  }

  @Test
  void closeWaitsForTheJobThatRunsAlsoWhenInterrupted() throws Exception {
    Ticket ticket = ticket(2);
    Worker worker = new Worker(ticket);
    AtomicInteger endsAtReturn = new AtomicInteger(-1);
    Thread closer =
        Thread.ofPlatform()
            .start(() -> {
              Thread.currentThread().interrupt();
              ticket.close();
              endsAtReturn.set(Thread.interrupted() ? ticket.ends().size() : -2);
            });
    closer.join(100);
    assertThat(closer.isAlive()).as("close() still waits").isTrue();
    assertThat(ticket.ends()).isEmpty();

    worker.end();
    closer.join();
    assertThat(endsAtReturn).hasValue(1);
    assertThat(ticket.ends()).containsExactly("freed");
  }

  @Test
  void stopEndsAtItsDeadlineAndCountsTheJobsThatHang() throws Exception {
    Ticket ticket = ticket(3);
    Worker first = new Worker(ticket);
    Worker second = new Worker(ticket);
    assertThat(ticket.stop(Deadline.after(Duration.ofMillis(1)))).isEqualTo(2);
    assertThat(ticket.isStopped()).isTrue();
    assertThat(ticket.ends()).isEmpty();

    first.end();
    second.end();
    assertThat(ticket.stop(Deadline.after(LONG))).isZero();
    ticket.close();
    assertThat(ticket.ends()).containsExactly("freed");
  }

  @Test
  void awaitNoticesACancellationThatNoJobNotices() {
    Ticket ticket = new Ticket(1, new Monitor(Deadline.after(LONG), true));
    assertThatThrownBy(ticket::await).hasMessageContaining("cancelled by the test");
    ticket.close();
  }

  @Test
  void awaitEndsAtTheDeadline() {
    Deadline soon = Deadline.after(Duration.ofMillis(20));
    Ticket ticket = new Ticket(1, new Monitor(soon, false));
    assertThatExceptionOfType(LoadCancelledException.class)
        .isThrownBy(ticket::await)
        .withMessage("some.safetensors: not read within 20 ms")
        .matches(LoadCancelledException::timedOut);
    ticket.close();
  }

  @Test
  void interruptedCallerIsToldAndStaysInterrupted() {
    Ticket ticket = ticket(1);
    Thread.currentThread().interrupt();
    assertThatExceptionOfType(LoadCancelledException.class)
        .isThrownBy(ticket::await)
        .matches(e -> !e.timedOut());
    assertThat(Thread.interrupted()).isTrue();
    ticket.close();
  }
}
