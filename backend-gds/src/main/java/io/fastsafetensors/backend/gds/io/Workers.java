// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.gds.io.FileStats.Took;
import io.fastsafetensors.backend.gds.io.ReadQueue.Task;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoMonitor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The threads of a session: as many as the bytes are worth, up to a bound. */
final class Workers implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Workers.class.getName());

  private final DeviceContext context;
  private final ReadQueue queue;
  private final Registration registration;
  private final Tuning tuning;
  private final IoMonitor monitor;
  private final List<Thread> threads = new ArrayList<>();
  private long reads;

  Workers(
      DeviceContext context,
      ReadQueue queue,
      Registration registration,
      Tuning tuning,
      IoMonitor monitor) {
    this.context = context;
    this.queue = queue;
    this.registration = registration;
    this.tuning = tuning;
    this.monitor = monitor;
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

  /** Adds threads for so many more reads. */
  void addFor(int more) {
    reads += more;
    try {
      while (threads.size() < Math.min(reads, tuning.threads())) {
        add();
      }
    } catch (OutOfMemoryError e) {
      LOG.log(Level.WARNING, "reading with " + threads.size() + " threads only", e);
    }
  }

  private void add() {
    String name = "fastsafetensors-gds-" + threads.size();
    threads.add(Thread.ofPlatform().daemon().name(name).start(this::work));
  }

  private void work() {
    Lane lane = new Lane(context, registration, tuning, queue::fail);
    try {
      for (Task task = queue.take(); task != null; task = queue.take()) {
        queue.done(task, attempt(task, lane));
      }
    } catch (InterruptedException e) {
      LOG.log(Level.DEBUG, "interrupted: the thread ends", e);
    } finally {
      close(lane);
    }
  }

  private @Nullable Throwable attempt(Task task, Lane lane) {
    try {
      monitor.checkpoint();
      context.attach();
      FileJob job = task.job();
      Read read = task.read();
      Took took = lane.run(job, read, monitor.deadline());
      TransferPath path = job.path(took.way());
      job.stats().add(took, path, read.bytes());
      monitor.blockDone(job.file().path(), path, read.offset(), read.bytes(), took.readNanos());
      return null;
    } catch (Throwable e) {
      return e;
    }
  }

  private void close(Lane lane) {
    try {
      context.attach();
      lane.close(GdsSession.GRACE);
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "{0}: staging memory is lost: {1}", context.device(), e);
    }
  }

  /** Ends the threads, which have nothing left to do. */
  @Override
  public void close() {
    queue.close();
    Deadline deadline = Deadline.after(GdsSession.GRACE);
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
