// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.format.LoadException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
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
   * Waits for the threads, which have been told to end, also if this thread is interrupted. There
   * is no deadline, since what comes after may free what a thread reads into: the engine closes
   * sessions on a thread that it can leave behind.
   */
  @Override
  public void close() {
    boolean interrupted = false;
    for (Thread thread : threads) {
      interrupted |= join(thread);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns whether this thread was interrupted meanwhile. */
  private static boolean join(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        return interrupted;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }
}
