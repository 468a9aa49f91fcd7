// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A call of a loader, made on a thread that can be left behind: any call on a file may hang, and
 * nothing takes a thread out of the kernel. Once the call is over, by its deadline or otherwise,
 * the work has a moment to end in order. After that the caller gets its exception, and the thread
 * keeps what the work may still touch, and frees it whenever the work ends.
 *
 * @param signal what ends the call
 * @param held which files it is at
 * @param abandoned where it is counted if it is left behind
 */
record BoundedCall(StopSignal signal, HeldFiles held, Abandoned abandoned) {
  private static final Logger LOG = System.getLogger(BoundedCall.class.getName());

  /** How long the work may take to end once its deadline has passed. */
  private static final Duration GRACE_AFTER_DEADLINE = Duration.ofMillis(300);

  /** The same after a failure or a cancellation, where nobody was promised a time. */
  private static final Duration GRACE = Duration.ofSeconds(2);

  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /**
   * Work for such a thread.
   *
   * @param <T> what it makes
   */
  @FunctionalInterface
  interface Work<T> {
    T run() throws LoadException;
  }

  /**
   * The calls of a loader whose callers could not wait for their end. What such a call may still
   * write to stays its own until it ends. Thread-safe.
   */
  static final class Abandoned {
    private final Set<HeldFiles> calls = ConcurrentHashMap.newKeySet();

    /** Returns how much memory such calls keep. */
    long bytes() {
      return calls.stream().mapToLong(HeldFiles::bytes).sum();
    }

    private void add(HeldFiles call) {
      calls.add(call);
      LOG.log(Level.ERROR, () -> "a load was left behind: " + call.describe());
    }

    private void ended(HeldFiles call, long seconds) {
      calls.remove(call);
      LOG.log(
          Level.INFO,
          () ->
              "a load that was left behind has ended after %s s, its memory is freed"
                  .formatted(seconds));
    }
  }

  /** Starts a call of a loader. */
  static BoundedCall of(StopSignal signal, Abandoned abandoned) {
    return new BoundedCall(signal, new HeldFiles(), abandoned);
  }

  /**
   * Does work that holds something; otherwise as {@link #run(Work, Consumer)}.
   *
   * @param letGo lets go of it: called once, when the work has ended or can't begin any more
   */
  <T> T run(Work<T> work, Consumer<? super T> undo, Runnable letGo) throws LoadException {
    AtomicBoolean begun = new AtomicBoolean();
    try {
      return run(() -> begin(begun, work, letGo), undo);
    } catch (Throwable e) {
      if (begun.compareAndSet(false, true)) {
        letGo.run();
      }
      throw e;
    }
  }

  private static <T> T begin(AtomicBoolean begun, Work<T> work, Runnable letGo)
      throws LoadException {
    if (!begun.compareAndSet(false, true)) {
      throw new LoadCancelledException("the load was over before it began", false);
    }
    try {
      return work.run();
    } finally {
      letGo.run();
    }
  }

  /**
   * Does the work; blocks until it is done, or over.
   *
   * @param work what to do; it ends soon after {@link #signal} says so, unless it hangs
   * @param undo takes back what the work made too late
   */
  <T> T run(Work<T> work, Consumer<? super T> undo) throws LoadException {
    if (Thread.currentThread().isInterrupted()) {
      signal.interrupt();
      throw thrown(signal.reason());
    }
    CompletableFuture<T> done = new CompletableFuture<>();
    long start = System.nanoTime();
    Runnable job = () -> work(work, undo, done, start);
    if (!LoadThreads.tryStart(job)) {
      job.run();
    }
    return await(done, undo);
  }

  private <T> void work(
      Work<T> work, Consumer<? super T> undo, CompletableFuture<T> done, long start) {
    boolean inTime;
    try {
      T made = work.run();
      inTime = done.complete(made);
      if (!inTime) {
        undo.accept(made);
      }
    } catch (Throwable e) {
      inTime = done.completeExceptionally(e);
    }
    if (!inTime) {
      abandoned.ended(held, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start));
    }
  }

  private <T> T await(CompletableFuture<T> done, Consumer<? super T> undo) throws LoadException {
    boolean interrupted = false;
    @Nullable Deadline grace = null;
    LoadThreads.soon(done::isDone);
    try {
      while (true) {
        try {
          T made = done.get(patience(grace), TimeUnit.NANOSECONDS);
          return interrupted ? tooLate(made, undo) : made;
        } catch (InterruptedException e) {
          interrupted = true;
          signal.interrupt();
        } catch (TimeoutException e) {
          // over, or once more
        }
        grace = grace(grace);
        if (grace != null && grace.hasPassed()) {
          leave(done);
        }
      }
    } catch (ExecutionException e) {
      throw thrown(e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Returns how long to wait before looking again. */
  private long patience(@Nullable Deadline grace) {
    Deadline next = grace == null ? signal.deadline() : grace;
    return Math.min(POLL_NANOS, next.remainingNanos());
  }

  /** Returns until when the work may take to end; null while it is not over. */
  private @Nullable Deadline grace(@Nullable Deadline known) {
    if (known == null && !signal.isOver()) {
      return null;
    }
    Deadline grace = known == null ? Deadline.after(GRACE) : known;
    boolean late = signal.deadline().hasPassed();
    return late && grace.remainingNanos() > GRACE_AFTER_DEADLINE.toNanos()
        ? Deadline.after(GRACE_AFTER_DEADLINE)
        : grace;
  }

  private <T> T tooLate(T made, Consumer<? super T> undo) throws LoadException {
    undo.accept(made);
    throw thrown(signal.reason());
  }

  /** Leaves the work behind, unless it ends at this moment. */
  private void leave(CompletableFuture<?> done) {
    abandoned.add(held);
    if (!done.completeExceptionally(hanging())) {
      abandoned.ended(held, 0);
    }
  }

  /** Returns what the caller gets: why the call is over, and what hangs. */
  private Throwable hanging() {
    String what = held.describe();
    @Nullable Throwable failure = signal.failure();
    if (failure != null && !(failure instanceof LoadCancelledException)) {
      failure.addSuppressed(new LoadCancelledException(what, false, held.bytes()));
      return failure;
    }
    @Nullable LoadCancelledException reason = signal.reason();
    return reason == null
        ? new LoadCancelledException(what, false, held.bytes())
        : new LoadCancelledException(
            reason.getMessage() + "; " + what, reason.timedOut(), held.bytes());
  }

  /** Throws what the work threw, as it is; its trace goes on with the caller's. */
  static LoadException thrown(@Nullable Throwable failure) throws LoadException {
    switch (failure) {
      case null -> throw new AssertionError("no failure");
      case LoadException e -> throw traced(e);
      case RuntimeException e -> throw traced(e);
      case Error e -> throw traced(e);
      default -> throw new LoadException(failure.toString(), failure);
    }
  }

  private static <E extends Throwable> E traced(E failure) {
    StackTraceElement[] caller = Thread.currentThread().getStackTrace();
    failure.setStackTrace(
        Stream.concat(Stream.of(failure.getStackTrace()), Stream.of(caller))
            .toArray(StackTraceElement[]::new));
    return failure;
  }
}
