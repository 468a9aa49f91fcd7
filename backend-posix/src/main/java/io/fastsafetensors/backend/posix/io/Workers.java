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
   * Makes sure that there are enough threads for so many more bytes.
   *
   * @throws LoadException if there can't be any
   */
  void addWork(long more) throws LoadException {
    bytes = Math.addExact(bytes, more);
    long wanted = Math.clamp((bytes + WORTH - 1) / WORTH, 1, tuning.threads());
    while (threads.size() < wanted) {
      Thread thread =
          Thread.ofPlatform()
              .daemon()
              .name("fastsafetensors-posix-" + threads.size())
              .unstarted(this::work);
      try {
        thread.start();
      } catch (OutOfMemoryError e) {
        if (threads.isEmpty()) {
          throw new LoadException("no thread can be started: raise ulimit -u or -v", e);
        }
        return;
      }
      threads.add(thread);
    }
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
