// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.backend.gds.io.GdsReadQueue.Task;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.toolkit.io.SessionThreads;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** The threads of a session: as many as there are reads, up to a bound. */
final class GdsWorkers implements AutoCloseable {
  private static final Logger LOG = System.getLogger(GdsWorkers.class.getName());

  private final DeviceContext context;
  private final GdsReadQueue queue;
  private final Registration registration;
  private final GdsTuning tuning;
  private final SessionThreads threads = new SessionThreads("fastsafetensors-gds-", this::work);
  private long reads;

  GdsWorkers(
      DeviceContext context, GdsReadQueue queue, Registration registration, GdsTuning tuning) {
    this.context = context;
    this.queue = queue;
    this.registration = registration;
    this.tuning = tuning;
  }

  /**
   * Makes sure that there is a thread.
   *
   * @throws LoadException if there can't be any
   */
  void addFirst() throws LoadException {
    threads.startFirst();
  }

  /** Adds threads for so many more reads. */
  void addFor(int more) {
    reads += more;
    threads.grow(Math.min(reads, tuning.threads()));
  }

  private void work() {
    Reader reader = new Reader(context, registration, tuning);
    try {
      for (Task task = queue.take(); task != null; task = queue.take()) {
        read(task, reader);
      }
    } catch (InterruptedException e) {
      LOG.log(Level.DEBUG, "interrupted: the thread ends", e);
    } finally {
      close(reader);
    }
  }

  private void read(Task task, Reader reader) {
    task.ticket()
        .run(() -> {
          context.attach();
          task.ticket().read(task.read(), reader);
        });
  }

  private void close(Reader reader) {
    try {
      context.attach();
      reader.close(GdsSession.GRACE);
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "{0}: staging memory is lost: {1}", context.device(), e);
    }
  }

  /** Ends the threads, which have nothing left to do. */
  @Override
  public void close() {
    queue.close();
    threads.close();
  }
}
