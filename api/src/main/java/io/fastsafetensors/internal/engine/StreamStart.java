// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Selection;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.NameFilter;
import io.fastsafetensors.internal.plan.StreamPlan;
import io.fastsafetensors.internal.plan.WindowSizes;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.host.HostLimits;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import java.nio.ByteBuffer;

/**
 * What all ranks do before the first tensor of a stream: find out who wants and reads what, agree
 * on the window, and plan the steps.
 *
 * @param call what the ranks have agreed on
 * @param options what this rank asks for
 */
record StreamStart(LoadCall call, StreamOptions options) {
  /** Begins the stream. */
  DefaultTensorStream stream() throws LoadException {
    Planned planned = plan();
    DefaultTensorStream stream =
        Agreement.make(
            call.group(),
            "stream",
            call.patience(),
            () -> call.holding(context -> make(planned, context)),
            DefaultTensorStream::discard);
    stream.start();
    return stream;
  }

  /**
   * What this rank streams.
   *
   * @param catalog all that is streamed, in order
   * @param distributed who reads what
   * @param plan the steps
   * @param sizes how the window is used
   * @param conversion what is converted
   * @param load how to read
   */
  record Planned(
      Catalog catalog,
      Distributed distributed,
      StreamPlan plan,
      WindowSizes sizes,
      Conversion conversion,
      LoadOptions load) {
    long window() {
      return sizes.window();
    }
  }

  /** Plans the stream; all ranks call it, and fail alike. */
  private Planned plan() throws LoadException {
    Transport group = call.group();
    LoadOptions load = options.load();
    if (load.selection().isEmpty()) {
      load = load.toBuilder().selection(Selection.all()).build();
    }
    Catalog all = call.headers().catalog();
    Conversion conversion = Conversion.of(load, all);
    Catalog wanted = all.filter(new NameFilter(load.filters()));
    Catalog ordered = StreamPlan.ordered(wanted, options.order());
    Distributed distributed = Distributed.agree(group, ordered, load, call.device(), call.files());
    long window = smallest(WindowSizes.asked(options));
    WindowSizes sizes = new WindowSizes(window, distributed.isRead() ? 0 : group.size());
    StreamPlan plan =
        StreamPlan.of(
            new StreamPlan.Wanted(
                ordered,
                distributed.parts().byRank(),
                group.rank(),
                sizes,
                options.pieces(),
                distributed.isRead(),
                conversion::mostMoved));
    LoadOptions reading = byPageCache(load, distributed);
    return new Planned(ordered, distributed, plan, sizes, conversion, reading);
  }

  /**
   * Makes what this rank needs by itself; nothing is read yet.
   *
   * @param context the device, held for the stream, which lets go of it; the caller if this throws
   */
  private DefaultTensorStream make(Planned planned, SharedContext context) throws LoadException {
    planned.conversion.checkAll(planned.catalog, context);
    boolean isCopied = planned.load.path() == AccessPath.COPIED;
    PlannedMemory memory = new PlannedMemory(HostLimits.SYSTEM, planned.window(), isCopied);
    DeviceContext.Keeping keeping = context.attached().keep(planned.window());
    Runnable end = () -> Cleanup.all(keeping::close, memory::close);
    try {
      StreamWindow window = new StreamWindow(planned.window(), options.heldTimeout());
      StreamJob job = new StreamJob(new StreamJob.Setting(planned, call, context), window, memory);
      return new DefaultTensorStream(
          job,
          window,
          call.bounded(),
          () -> Cleanup.all(end, context::release),
          call.cancellation(),
          planned.distributed::reported);
    } catch (Throwable e) {
      Cleanup.after(e, end);
      throw e;
    }
  }

  /** Ranks that share what they read find it in the page cache, past which nobody reads then. */
  private static LoadOptions byPageCache(LoadOptions load, Distributed distributed) {
    return distributed.isReadAhead() && load.direct() == DirectMode.AUTO
        ? load.toBuilder().direct(DirectMode.OFF).build()
        : load;
  }

  /** Returns the smallest of all ranks' numbers. */
  private long smallest(long own) throws LoadException {
    Transport group = call.group();
    if (group.size() == 1) {
      return own;
    }
    byte[] told = ByteBuffer.allocate(Long.BYTES).putLong(own).array();
    return Agreement.gather(group, "window", () -> told).stream()
        .mapToLong(message -> ByteBuffer.wrap(message).getLong())
        .min()
        .orElseThrow();
  }
}
