// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.backend.gds.cufile.CuFileBinding.Bound;
import io.fastsafetensors.backend.gds.cufile.Driver.Outcome;
import io.fastsafetensors.backend.gds.cufile.DriverProperties;
import io.fastsafetensors.backend.gds.host.HostView;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.Provider.Option;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.MemoryBudget;
import io.fastsafetensors.toolkit.io.RangeLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** One load's reads: opens files, finds the way of each, and lets the threads at them. */
public final class GdsSession implements IoSession {
  /** The id of the backend. */
  public static final String BACKEND = "gds";

  /** How long what was given up may still take to end. */
  static final Duration GRACE = Duration.ofMinutes(1);

  private final Bound binding;
  private final HostView host;
  private final DeviceContext context;
  private final IoOptions options;
  private final GdsTuning tuning;
  private final Registration registration;
  private final GdsReadQueue queue = new GdsReadQueue();
  private final GdsWorkers workers;
  private final MemoryBudget budget;
  private boolean closed;

  /**
   * Opens a session for a device.
   *
   * @param smallest from how many adjacent bytes on cuFile reads them, unless an option says
   */
  public GdsSession(
      Bound binding, HostView host, DeviceContext context, IoOptions options, long smallest) {
    this.binding = binding;
    this.host = host;
    this.context = context;
    this.options = options;
    this.tuning = GdsTuning.of(options, smallest);
    this.registration = new Registration(binding.cufile(), tuning.register());
    this.budget = new MemoryBudget(context.device(), options.memoryBudget());
    this.workers = new GdsWorkers(context, queue, registration, tuning);
  }

  /** Returns the options of a load that the backend has. */
  public static List<Option<?>> options() {
    return List.of(GdsTuning.MIN_BYTES, GdsTuning.REGISTER);
  }

  @Override
  public IoTicket submit(RangePlan plan) throws LoadException {
    if (closed) {
      throw new IllegalStateException("this session is closed");
    }
    if (context.isHostVisible()) {
      throw GdsFile.unsupported(
          plan.file(), context.device() + " has unified memory, read without GPUDirect", null);
    }
    if (options.direct() == DirectMode.OFF) {
      throw GdsFile.unsupported(
          plan.file(), "GPUDirect Storage reads past the page cache, and direct is off", null);
    }
    if (options.path() == AccessPath.MAPPED) {
      throw GdsFile.unsupported(plan.file(), "GPUDirect Storage maps nothing", null);
    }
    GdsFile file = GdsFile.open(binding.cufile(), plan);
    try {
      return submit(plan, file);
    } catch (LoadException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private IoTicket submit(RangePlan plan, GdsFile file) throws LoadException {
    RangeLayout layout = tuning.layout(plan);
    List<Read> reads = Reads.of(layout, file.size(), tuning);
    Manner manner = manner(file, reads);
    workers.addFirst();
    budget.take(layout.bytes());
    DeviceBuffer buffer = context.allocate(layout.bytes(), layout.bufferAlignment());
    GdsTicket ticket = new GdsTicket(file, layout, buffer, reads, manner, options.monitor());
    queue.add(ticket);
    workers.addFor(reads.size());
    return ticket;
  }

  /** Opens cuFile's driver only for files of which it has something to read. */
  private Manner manner(GdsFile file, List<Read> reads) throws LoadException {
    if (reads.stream().allMatch(read -> read.way() == Read.Way.STAGED)) {
      return new Manner.Staged(tuning.smallest());
    }
    Route route = route(file.path());
    if (!route.peerToPeer() && !isAskedFor()) {
      throw new UnsupportedTransferException(
          BACKEND,
          file.path(),
          Reason.of(
                  "path.compatibility",
                  "cuFile would read by way of the host (compatibility mode; gds=on has that): {route}")
              .with("route", route.reason()),
          null);
    }
    file.registerHandle();
    return Manner.ByCuFile.of(route, registration, host);
  }

  private boolean isAskedFor() {
    return "on".equals(options.properties().get(BACKEND));
  }

  private Route route(Path file) throws LoadException {
    DriverProperties driver =
        switch (binding.driver().open(options.monitor())) {
          case Outcome.Open(DriverProperties properties) -> properties;
          case Outcome.Failed(var cause) ->
              throw GdsFile.unsupported(file, String.valueOf(cause.getMessage()), cause);
        };
    try {
      return Route.of(host, host.storages().find(file), driver);
    } catch (IOException e) {
      throw new TransferException(BACKEND, file, 0, 0, String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      workers.close();
    }
  }
}
