// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.collective.nccl.library.Communicator.Pause;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Rendezvous;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread that makes all of a group's calls of NCCL, so that one which hangs is left behind at
 * the deadline, and the device's context of the caller's thread stays what it was.
 */
final class Worker implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Worker.class.getName());

  /** How long a thread that is to stop may take for it. */
  private static final Duration GRACE = Duration.ofSeconds(2);

  private static final long LOOK_NANOS = 20_000;

  private final Rendezvous rendezvous;
  private final ExecutorService thread;
  private volatile boolean stopped;

  Worker(Rendezvous rendezvous) {
    this.rendezvous = rendezvous;
    String name = "fastsafetensors-nccl-" + rendezvous.rank();
    // A daemon: one that NCCL never lets go must not keep the JVM.
    this.thread =
        Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name(name).factory());
  }

  /** What the thread does; it takes the pause between two looks at something. */
  @FunctionalInterface
  interface Task<T> {
    T run(Pause pause) throws LoadException;
  }

  /**
   * Has the thread do something, and waits for it, as long as the group's timeout.
   *
   * @param operation what is going on, for exceptions
   * @param peer the rank that it waits for
   * @param task what to do
   * @throws CollectiveException if it fails, or is late: all ranks are told
   */
  <T> T call(String operation, int peer, Task<T> task) throws CollectiveException {
    Future<T> running = thread.submit(() -> task.run(this::pause));
    CompletableFuture<T> result = new CompletableFuture<>();
    boolean done = false;
    try {
      rendezvous.await(operation, peer, slice -> isDone(running, slice, result));
      done = true;
      return result.join();
    } finally {
      if (!done) {
        stopped = true;
        endsWithin(running, GRACE);
      }
    }
  }

  private static <T> boolean isDone(Future<T> running, Duration slice, CompletableFuture<T> result)
      throws LoadException, InterruptedException {
    try {
      result.complete(running.get(slice.toNanos(), TimeUnit.NANOSECONDS));
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof LoadException known
          ? known
          : new LoadException(String.valueOf(e.getCause()), e.getCause());
    }
  }

  private void pause() throws LoadException {
    if (stopped) {
      throw new LoadException("given up");
    }
    LockSupport.parkNanos(LOOK_NANOS);
  }

  /**
   * Has the thread release something; waits for it, as long as the timeout, or briefly after a
   * failure. Never throws.
   *
   * @param release what to do
   * @param emergency what to do on another thread if it hangs; that may hang, too
   */
  void release(Task<?> release, Runnable emergency) {
    Future<?> releasing = thread.submit(() -> release.run(this::pause));
    if (!endsWithin(releasing, stopped ? GRACE : rendezvous.timeout())) {
      stopped = true;
      Future<?> helping =
          CompletableFuture.runAsync(
              emergency,
              task -> Thread.ofPlatform().daemon().name("fastsafetensors-nccl-abort").start(task));
      endsWithin(helping, GRACE);
      endsWithin(releasing, GRACE);
    }
    switch (releasing.state()) {
      case RUNNING -> LOG.log(Level.ERROR, "NCCL hangs: a thread and what it holds are lost");
      case FAILED -> LOG.log(Level.WARNING, "can't release all", releasing.exceptionNow());
      case SUCCESS, CANCELLED -> {}
    }
  }

  /** Ends the thread once it has done what it was given; does not wait. */
  @Override
  public void close() {
    stopped = true;
    thread.shutdown();
  }

  /** Waits also for a thread that was interrupted: it has to clean up. */
  private static boolean endsWithin(Future<?> running, Duration allowed) {
    Deadline deadline = Deadline.after(allowed);
    while (!running.isDone() && !deadline.hasPassed()) {
      LockSupport.parkNanos(Math.min(deadline.remainingNanos(), TimeUnit.MILLISECONDS.toNanos(1)));
    }
    return running.isDone();
  }
}
