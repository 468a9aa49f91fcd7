// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.Provider.Option;
import io.fastsafetensors.spi.RangePlan;
import java.time.Duration;
import java.util.List;

/** One load's reads: opens files, finds the target of each, and lets the threads at them. */
public final class PosixSession implements IoSession {
  /** The id of the backend. */
  public static final String BACKEND = "posix";

  /** The options of a load that the backend has. */
  public static final List<Option<?>> OPTIONS = List.of(PosixTuning.DROP_CACHE);

  /** How long what was given up may still take to end. */
  static final Duration GRACE = Duration.ofMinutes(1);

  private final Libc libc;
  private final IoOptions options;
  private final PosixTuning tuning;
  private final PosixReadQueue queue;
  private final PosixWorkers workers;
  private final Targets targets;
  private boolean closed;

  /** Opens a session for a device. */
  public PosixSession(Libc libc, DeviceContext context, IoOptions options) {
    this.libc = libc;
    this.options = options;
    this.tuning = PosixTuning.of(options, Runtime.getRuntime().availableProcessors());
    this.queue = new PosixReadQueue(tuning.depth(), tuning.width());
    this.workers = new PosixWorkers(libc, context, queue, tuning);
    this.targets = new Targets(libc, context, options, tuning, workers);
  }

  @Override
  public IoTicket submit(RangePlan plan) throws LoadException {
    if (closed) {
      throw new IllegalStateException("this session is closed");
    }
    PosixFile file = PosixFile.open(libc, plan);
    try {
      return submit(plan, file);
    } catch (LoadException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private IoTicket submit(RangePlan plan, PosixFile file) throws LoadException {
    CacheTrace trace = CacheTrace.start(file.cache(), tuning.dropCache());
    FileReader reader = new FileReader(libc, file, options.monitor());
    Targets.Choice choice = targets.choose(plan, file, reader);
    PosixTicket ticket = new PosixTicket(file, choice.target(), reader, choice.sorter(), trace);
    workers.addFor(choice.target().reads(), choice.sorter());
    queue.add(ticket);
    return ticket;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      workers.close();
      targets.close();
    }
  }
}
