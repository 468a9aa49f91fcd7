// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Reason;
import io.fastsafetensors.backend.gds.cufile.CuFileBinding.Bound;
import io.fastsafetensors.backend.gds.cufile.Driver.Outcome;
import io.fastsafetensors.backend.gds.cufile.DriverProperties;
import io.fastsafetensors.backend.gds.host.HostView;
import io.fastsafetensors.backend.gds.io.ReadCuts.Way;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.Provider.Option;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.ReadSession;
import io.fastsafetensors.toolkit.io.ReadTuning;
import io.fastsafetensors.toolkit.io.StagingRing;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One load's reads: finds the way of each file, and lets cuFile read what is worth it. */
public final class GdsSession extends ReadSession<GdsFile> {
  /** The id of the backend. */
  public static final String BACKEND = "gds";

  /** The options of a load that the backend has. */
  public static final List<Option<?>> OPTIONS = List.of(GdsTuning.MIN_BYTES, GdsTuning.REGISTER);

  /** How many streams copy at a time: one is filled while the other is under way. */
  private static final int STREAMS = 2;

  private final Bound binding;
  private final HostView host;
  private final GdsTuning tuning;
  private final Registration registration;
  private @Nullable StagingRing scratchRing;

  /**
   * Opens a session for a device.
   *
   * @param smallest from how many adjacent bytes on cuFile reads them, unless an option says
   */
  public GdsSession(
      Bound binding, HostView host, DeviceContext context, IoOptions options, long smallest) {
    super(BACKEND, context, options, ReadTuning.of(options, GdsTuning.THREADS, GdsTuning.BLOCK));
    this.binding = binding;
    this.host = host;
    this.tuning = GdsTuning.of(options, tuning().blockBytes(), smallest);
    this.registration = new Registration(binding.cufile(), options.property(GdsTuning.REGISTER));
  }

  @Override
  protected GdsFile plan(RangePlan plan) throws LoadException {
    GdsFile file = new GdsFile(binding.cufile(), plan);
    if (context().isHostVisible()) {
      throw file.unsupported(
          context().device() + " has unified memory, read without GPUDirect", null);
    }
    if (options().direct() == DirectMode.OFF) {
      throw file.unsupported(
          "GPUDirect Storage reads past the page cache, and direct is off", null);
    }
    if (options().path() == AccessPath.MAPPED) {
      throw file.unsupported("GPUDirect Storage maps nothing", null);
    }
    return file;
  }

  @Override
  protected Choice choose(RangePlan plan, GdsFile file) throws LoadException {
    RangeLayout layout = tuning.layout(plan);
    ReadCuts reads = ReadCuts.of(layout, file.size(), tuning);
    Manner manner = manner(file, reads);
    GdsTarget target = new GdsTarget(this, file, layout, reads, manner);
    boolean chosen = false;
    try {
      openRings(reads);
      chosen = true;
      return Choice.of(target, target);
    } finally {
      if (!chosen) {
        target.release(false);
      }
    }
  }

  /** Makes the rings that the reads need, before threads take from them. */
  private void openRings(ReadCuts reads) throws LoadException {
    if (reads.has(Way.STAGED) || reads.has(Way.SCRATCH)) {
      var _ = ring();
    }
    if (reads.has(Way.SCRATCH) && scratchRing == null) {
      scratchRing =
          StagingRing.open(context(), this::allocateScratch, 2 * tuning().threads(), STREAMS);
    }
  }

  /** Scratch memory is registered for as long as it is there. */
  private DeviceBuffer allocateScratch() throws DeviceMemoryException {
    DeviceBuffer scratch = context().allocate(tuning.blockBytes(), GdsTuning.PAGE);
    if (!registration.begin(scratch.address(), scratch.size())) {
      return scratch;
    }
    return DeviceBuffer.ofDevice(
        scratch.device(),
        scratch.address(),
        scratch.size(),
        () -> {
          registration.end(scratch.address());
          scratch.close();
        });
  }

  /** Returns the ring of scratch memory, of a file that has reads for it. */
  StagingRing scratchRing() {
    return Objects.requireNonNull(scratchRing);
  }

  Registration registration() {
    return registration;
  }

  /** Opens cuFile's driver only for files of which it has something to read. */
  private Manner manner(GdsFile file, ReadCuts reads) throws LoadException {
    if (!reads.has(Way.STRAIGHT) && !reads.has(Way.SCRATCH)) {
      return new Manner.Staged(tuning.smallest());
    }
    Route route = route(file);
    if (!route.peerToPeer() && !isAskedFor()) {
      throw file.unsupported(
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
    return "on".equals(options().properties().get(BACKEND));
  }

  private Route route(GdsFile file) throws LoadException {
    DriverProperties driver =
        switch (binding.driver().open(options().monitor())) {
          case Outcome.Open(DriverProperties properties) -> properties;
          case Outcome.Failed(var cause) ->
              throw file.unsupported(String.valueOf(cause.getMessage()), cause);
        };
    try {
      return Route.of(host, host.storages().find(file.path()), driver);
    } catch (IOException e) {
      throw file.failure(0, 0, "find its storage", e);
    }
  }

  @Override
  protected void closeShared() {
    if (scratchRing != null) {
      scratchRing.close();
    }
  }
}
