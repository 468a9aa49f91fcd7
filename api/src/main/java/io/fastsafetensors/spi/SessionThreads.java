// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.LoadException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The threads of a session, which all do the same: started when there is work for them, and waited
 * for at the end (rule IO-112). They don't keep the JVM from ending. Used by one thread at a time.
 *
 * @since 0.1
 */
public final class SessionThreads implements AutoCloseable {
  private static final Logger LOG = System.getLogger(SessionThreads.class.getName());

  /** How long a thread in a read that was given up may still take to end. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final String name;
  private final Runnable work;
  private final List<Thread> threads = new ArrayList<>();

  /**
   * Starts none yet.
   *
   * @param name what their names start with; a number follows
   * @param work what each does; it ends when the session has told it to, before {@link #close}
   */
  public SessionThreads(String name, Runnable work) {
    this.name = name;
    this.work = work;
  }

  /**
   * Makes sure that there is a thread; called before anything is allocated for it to fill.
   *
   * @throws LoadException if the system allows none
   */
  public void startFirst() throws LoadException {
    try {
      if (threads.isEmpty()) {
        start();
      }
    } catch (OutOfMemoryError e) {
      throw new LoadException("no thread can be started: raise ulimit -u or -v", e);
    }
  }

  /**
   * Starts threads until there are so many; if the system allows fewer, those do the work.
   *
   * @param count how many there are to be
   */
  public void grow(long count) {
    try {
      while (threads.size() < count) {
        start();
      }
    } catch (OutOfMemoryError e) {
      LOG.log(Level.WARNING, "reading with " + threads.size() + " threads only", e);
    }
  }

  private void start() {
    threads.add(Thread.ofPlatform().daemon().name(name + threads.size()).start(work));
  }

  /**
   * Waits for the threads, which have been told to end, also if this thread is interrupted; a
   * thread that hangs for a minute is logged and left behind.
   */
  @Override
  public void close() {
    Deadline deadline = Deadline.after(PATIENCE);
    boolean interrupted = false;
    for (Thread thread : threads) {
      interrupted |= join(thread, deadline);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns whether this thread was interrupted meanwhile. */
  private static boolean join(Thread thread, Deadline deadline) {
    boolean interrupted = false;
    while (true) {
      try {
        if (!thread.join(Duration.ofNanos(deadline.remainingNanos()))) {
          LOG.log(Level.ERROR, "{0} hangs in a read", thread.getName());
        }
        return interrupted;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }
}
