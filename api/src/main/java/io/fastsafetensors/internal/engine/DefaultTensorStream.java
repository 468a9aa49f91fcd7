// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.TensorMemory;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.LoadException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Gives out what a {@link StreamJob} reads on a thread of its own. */
public final class DefaultTensorStream implements TensorStream {
  /** Longer than a job takes to end, or to be left behind. */
  private static final long END_SECONDS = 10;

  private final StreamJob job;
  private final StreamWindow window;
  private final BoundedCall bounded;
  private final Cancellation cancellation;
  private final UnaryOperator<LoadReport> reported;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Leaks.Trace trace;

  private final Runnable letGo;

  /**
   * Makes a stream of which nothing is read.
   *
   * @param letGo lets go of what the job uses, when it has ended
   * @param cancellation ends the job besides its options' switch
   * @param reported adds to its report
   */
  DefaultTensorStream(
      StreamJob job,
      StreamWindow window,
      BoundedCall bounded,
      Runnable letGo,
      Cancellation cancellation,
      UnaryOperator<LoadReport> reported) {
    this.job = job;
    this.window = window;
    this.bounded = bounded;
    this.letGo = letGo;
    this.cancellation = cancellation;
    this.reported = reported;
    this.trace = Leaks.watch(this, () -> "a TensorStream with a window of " + window.size());
  }

  /**
   * Begins to read; after an exception the stream is closed.
   *
   * @throws LoadException if the system allows no further thread
   */
  void start() throws LoadException {
    // The thread keeps no stream: one that nobody closes is found.
    Runnable reading = reading(job, window, bounded, letGo, ended);
    if (!LoadThreads.tryStart(reading)) {
      LoadException e =
          new LoadException("no thread can be started for the stream: see ulimit -u", null);
      job.tell(e);
      Cleanup.after(e, this::discard);
      throw e;
    }
  }

  /** Closes a stream that was not started. */
  void discard() {
    trace.closed();
    letGo.run();
    ended.countDown();
  }

  private static Runnable reading(
      StreamJob job,
      StreamWindow window,
      BoundedCall bounded,
      Runnable letGo,
      CountDownLatch ended) {
    return () -> run(job, window, bounded, letGo, ended);
  }

  private static void run(
      StreamJob job,
      StreamWindow window,
      BoundedCall bounded,
      Runnable letGo,
      CountDownLatch ended) {
    try {
      var _ = bounded.run(job::run, _ -> {}, letGo);
      window.end();
    } catch (Throwable e) {
      job.tell(e);
      window.fail(e);
    } finally {
      ended.countDown();
    }
  }

  /** Tells whether the stream's thread is at work. */
  boolean isUnderWay() {
    return ended.getCount() > 0;
  }

  @Override
  public Optional<StreamedTensor> next() throws LoadException {
    return window.next(bounded.signal());
  }

  @Override
  public Iterator<StreamedTensor> iterator() {
    return new Iterator<>() {
      private @Nullable StreamedTensor fetched;

      @Override
      public boolean hasNext() {
        try {
          fetched = fetched == null ? DefaultTensorStream.this.next().orElse(null) : fetched;
          return fetched != null;
        } catch (LoadException e) {
          throw new UncheckedIOException(e);
        }
      }

      @Override
      public StreamedTensor next() {
        if (!hasNext()) {
          throw new NoSuchElementException("the stream has ended");
        }
        StreamedTensor given = fetched;
        fetched = null;
        return Objects.requireNonNull(given);
      }
    };
  }

  @Override
  public <X extends Exception> void consume(Taker<X> taker) throws LoadException, X {
    try {
      for (Optional<StreamedTensor> next = next(); next.isPresent(); next = next()) {
        try (StreamedTensor tensor = next.get()) {
          taker.take(tensor);
        }
      }
    } catch (Throwable e) {
      Cleanup.after(e, this::close);
      throw e;
    }
  }

  @Override
  public CompletableFuture<Void> consumeAsync(Taker<?> taker, Executor executor) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    var _ =
        future.whenComplete((_, _) -> {
          if (future.isCancelled()) {
            close();
          }
        });
    executor.execute(() -> {
      try {
        consume(taker);
        future.complete(null);
      } catch (Throwable e) {
        future.completeExceptionally(e);
      }
    });
    return future;
  }

  @Override
  public LoadReport fill(TensorMemory.Allocator allocator) throws LoadException {
    GivenMemory memory = new GivenMemory(allocator);
    consume(memory::take);
    return report();
  }

  @Override
  public long window() {
    return window.size();
  }

  @Override
  public long mostHeld() {
    return window.most();
  }

  @Override
  public LoadReport report() {
    return reported.apply(job.report());
  }

  /** Returns the window, and whether the stream has ended. */
  @Override
  public String toString() {
    return "TensorStream (window: %s bytes%s)"
        .formatted(window.size(), isUnderWay() ? "" : ", all read");
  }

  @Override
  public void close() {
    trace.closed();
    cancellation.cancel();
    window.close();
    boolean interrupted = false;
    try {
      var _ = ended.await(END_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
