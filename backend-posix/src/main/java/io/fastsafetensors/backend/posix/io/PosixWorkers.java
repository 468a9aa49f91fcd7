// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.backend.posix.memory.LinuxContext;
import io.fastsafetensors.backend.posix.memory.Numa;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.toolkit.io.SessionThreads;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.OptionalInt;

/** The threads of a session: as many as the bytes are worth, up to a bound. */
final class PosixWorkers implements AutoCloseable {
  private static final Logger LOG = System.getLogger(PosixWorkers.class.getName());

  /** How many bytes to read are worth a thread. */
  private static final long WORTH = 4L << 20;

  private final Libc libc;
  private final DeviceContext context;
  private final PosixReadQueue queue;
  private final PosixTuning tuning;
  private final LinuxContext memory;
  private final SessionThreads threads = new SessionThreads("fastsafetensors-posix-", this::work);
  private long bytes;

  PosixWorkers(Libc libc, DeviceContext context, PosixReadQueue queue, PosixTuning tuning) {
    this.libc = libc;
    this.context = context;
    this.queue = queue;
    this.tuning = tuning;
    this.memory = new LinuxContext(libc, OptionalInt.empty(), 0);
  }

  /**
   * Makes sure that there is a thread.
   *
   * @throws LoadException if there can't be any
   */
  void addFirst() throws LoadException {
    threads.startFirst();
  }

  /**
   * Adds threads as more reads are worth them. What is cached is not read faster by more threads
   * than processors.
   */
  void addFor(List<FileRead> reads, Sorter sorter) {
    bytes = Math.addExact(bytes, reads.stream().mapToLong(FileRead::bytes).sum());
    int most = sorter.cached() ? tuning.width() : tuning.threads();
    threads.grow(Math.min(Math.ceilDiv(bytes, WORTH), most));
  }

  private void work() {
    Numa.SYSTEM.stayNear(libc, context.numaNode());
    try (Scratch scratch = new Scratch(memory, tuning.blockBytes())) {
      for (ReadTask task = queue.take(); task != null; task = queue.take()) {
        read(task, scratch);
        queue.done(task);
      }
    } catch (InterruptedException e) {
      LOG.log(Level.DEBUG, "interrupted: the thread ends", e);
    }
  }

  private void read(ReadTask task, Scratch scratch) {
    task.ticket()
        .run(() -> {
          context.attach();
          task.ticket().read(task, scratch);
        });
  }

  /** Ends the threads, which have nothing left to do. */
  @Override
  public void close() {
    queue.close();
    threads.close();
    memory.close();
  }
}
