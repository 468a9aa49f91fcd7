// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Threads for calls that may never return, such as those on a network file system that is gone.
 * These are not the threads that read: a session has its own ({@code toolkit.io.SessionThreads}).
 * They stay for some seconds: to wake one takes a tenth of the time that it takes to start one. And
 * they look for the next call before they sleep, as their callers do for the end: a load makes
 * several calls in a row, and to wake a thread on an idle processor of a virtual machine takes
 * longer than a small file.
 */
final class LoadThreads {
  private static final Logger LOG = System.getLogger(LoadThreads.class.getName());
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** How long to look before sleeping. Whoever looks lets others have the processor. */
  private static final long LOOK_NANOS = TimeUnit.MICROSECONDS.toNanos(500);

  private static final ConcurrentLinkedDeque<Worker> IDLE = new ConcurrentLinkedDeque<>();
  private static final AtomicInteger COUNT = new AtomicInteger();

  private LoadThreads() {}

  /**
   * Has a thread do something, with the caller's context class loader.
   *
   * @return false if the system allows no further thread
   */
  static boolean tryStart(Runnable work) {
    ClassLoader classes = Thread.currentThread().getContextClassLoader();
    Runnable job = () -> runWith(classes, work);
    Worker idle = IDLE.pollFirst();
    if (idle != null) {
      idle.give(job);
      return true;
    }
    try {
      new Worker(job).start();
      return true;
    } catch (OutOfMemoryError e) {
      LOG.log(Level.WARNING, "no thread can be started: a file that hangs would hang the load", e);
      return false;
    }
  }

  /** Looks for a moment whether something is so. */
  @SuppressWarnings("ThreadPriorityCheck") // to sleep would take longer than what is looked for
  static boolean soon(BooleanSupplier condition) {
    long end = System.nanoTime() + LOOK_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        return false;
      }
      Thread.yield();
    }
    return true;
  }

  private static void runWith(ClassLoader classes, Runnable work) {
    Thread thread = Thread.currentThread();
    thread.setContextClassLoader(classes);
    try {
      work.run();
    } finally {
      thread.setContextClassLoader(null); // an idle thread keeps nobody's classes
      var _ = Thread.interrupted(); // nor an interrupt, which would end the next one's work
    }
  }

  /** A thread, and what it is to do next. */
  private static final class Worker implements Runnable {
    private final AtomicReference<@Nullable Runnable> next = new AtomicReference<>();
    private final Thread thread;

    Worker(Runnable first) {
      next.set(first);
      thread =
          Thread.ofPlatform()
              .daemon()
              .inheritInheritableThreadLocals(false)
              .name("fastsafetensors-load-" + COUNT.getAndIncrement())
              .unstarted(this);
    }

    void start() {
      thread.start();
    }

    /** Gives a thread that was idle its next job. */
    void give(Runnable job) {
      next.set(job);
      LockSupport.unpark(thread);
    }

    @Override
    public void run() {
      while (runNext()) {
        IDLE.addFirst(this);
        await();
      }
    }

    /** In a method of its own: an idle thread keeps nothing of what it did last. */
    private boolean runNext() {
      Runnable job = next.get();
      if (job == null) {
        return false;
      }
      job.run(); // throws nothing
      next.set(null);
      return true;
    }

    /** Waits for the next job, for some seconds. */
    private void await() {
      if (!soon(() -> next.get() != null)) {
        park(IDLE_NANOS);
      }
      if (next.get() == null && !IDLE.remove(this)) {
        park(Long.MAX_VALUE); // taken at this moment: the job comes
      }
    }

    private void park(long nanos) {
      long start = System.nanoTime();
      for (long more = nanos;
          next.get() == null && more > 0;
          more = nanos - (System.nanoTime() - start)) {
        LockSupport.parkNanos(this, more);
      }
    }
  }
}
