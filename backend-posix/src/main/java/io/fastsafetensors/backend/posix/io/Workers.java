// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.backend.posix.memory.Numa;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceContext;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The threads of a session: as many as the bytes are worth, up to a bound. */
final class Workers implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Workers.class.getName());

  /** How many bytes a thread is worth. */
  private static final long WORTH = 4L << 20;

  private final Libc libc;
  private final DeviceContext context;
  private final ReadQueue queue;
  private final Tuning tuning;
  private final List<Thread> threads = new ArrayList<>();
  private long bytes;

  Workers(Libc libc, DeviceContext context, ReadQueue queue, Tuning tuning) {
    this.libc = libc;
    this.context = context;
    this.queue = queue;
    this.tuning = tuning;
  }

  /**
   * Makes sure that there is a thread.
   *
   * @throws LoadException if there can't be any
   */
  void addFirst() throws LoadException {
    if (threads.isEmpty()) {
      try {
        add();
      } catch (OutOfMemoryError e) {
        throw new LoadException("no thread can be started: raise ulimit -u or -v", e);
      }
    }
  }

  /**
   * Adds threads as so many more bytes are worth them.
   *
   * @param more how many bytes
   * @param cached whether they are copied from the page cache, which more threads than processors
   *     don't make faster
   */
  void addFor(long more, boolean cached) {
    bytes = Math.addExact(bytes, more);
    int most = cached ? tuning.width() : tuning.threads();
    long wanted = Math.min(Math.ceilDiv(bytes, WORTH), most);
    try {
      while (threads.size() < wanted) {
        add();
      }
    } catch (OutOfMemoryError e) {
      LOG.log(Level.WARNING, "reading with " + threads.size() + " threads only", e);
    }
  }

  private void add() {
    String name = "fastsafetensors-posix-" + threads.size();
    threads.add(Thread.ofPlatform().daemon().name(name).start(this::work));
  }

  private void work() {
    Numa.SYSTEM.stayNear(libc, context.numaNode());
    try (Scratch scratch = new Scratch(tuning.blockBytes())) {
      for (ReadTask task = queue.take(); task != null; task = queue.take()) {
        queue.done(task, attempt(task, scratch));
      }
    } catch (InterruptedException e) {
      LOG.log(Level.DEBUG, "interrupted: the thread ends", e);
    }
  }

  private @Nullable Throwable attempt(ReadTask task, Scratch scratch) {
    try {
      context.attach();
      task.job().run(task, scratch);
      return null;
    } catch (Throwable e) {
      return e;
    }
  }

  /** Ends the threads, which have nothing left to do. */
  @Override
  public void close() {
    queue.close();
    Deadline deadline = Deadline.after(PosixSession.GRACE);
    boolean interrupted = false;
    for (Thread thread : threads) {
      try {
        if (!thread.join(Duration.ofNanos(deadline.remainingNanos()))) {
          LOG.log(Level.ERROR, "{0} hangs in a read", thread.getName());
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
