// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.internal.plan.NameFilter;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Transports;
import io.fastsafetensors.toolkit.host.HostLimits;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What all ranks do for one load: find out who wants and reads what, load each its share, and agree
 * that all did, or that all have begun.
 */
final class GroupLoad {
  private final LoadCall call;
  private final Transport group;
  private final LoadOptions options;
  private final Consumer<LoadReport> reported;
  private final Catalog wanted;
  private final Conversion conversion;

  /** Who wants and reads which parts; null if whole files are loaded by their owners. */
  private final @Nullable Distributed parts;

  /**
   * Plans the load; all ranks call it, and fail alike.
   *
   * @param reported hears what was done
   */
  GroupLoad(LoadCall call, Consumer<LoadReport> reported) throws LoadException {
    this.call = call;
    this.group = call.group();
    this.options = call.options();
    this.reported = reported;
    // All ranks have the same catalog and globs, and so find the same fault, each by itself.
    Catalog all = call.headers().catalog();
    this.wanted = all.filter(new NameFilter(options.filters()));
    this.conversion = Conversion.of(options, all);
    this.parts =
        options.selection().isPresent()
            ? Distributed.agree(group, wanted, options, call.device(), call.files())
            : null;
  }

  /** Loads; returns when every byte is there on all ranks. */
  FileBuffer load() throws LoadException {
    try (LoadJob job = together(this::prepare, LoadJob::close)) {
      FileBuffer buffer =
          parts == null
              ? together(() -> handOut(job.run(), wanted, group, job), FileBuffer::close)
              : loadParts(job, parts);
      FileBuffer confirmed = group.size() == 1 ? buffer : confirm(buffer);
      call.events().ended(confirmed.report());
      return confirmed;
    }
  }

  /** Begins to load; returns when all ranks have, unless they read for each other. */
  FileBuffer begin() throws LoadException {
    Distributed known = parts;
    if (known != null && !known.isReadApart()) {
      return load();
    }
    LoadJob job = together(this::prepare, LoadJob::close);
    BegunLoad begun = new BegunLoad(job, call.cancellation(), this::report);
    FileBuffer buffer =
        known == null
            ? begun.buffer(wanted, group, options.cache())
            : begun.buffer(
                known.parts().catalog(group.rank()), Transports.single(), options.cache());
    return together(() -> begun.begin(buffer), FileBuffer::close);
  }

  /** Makes something on all ranks, or on none. */
  private <T> T together(Agreement.Step<T> step, Consumer<T> undo) throws LoadException {
    AtomicLong made = new AtomicLong();
    Agreement.Step<T> timed =
        () -> {
          T result = step.run();
          made.set(System.nanoTime());
          return result;
        };
    T result = Agreement.make(group, "load", call.patience(), timed, undo);
    if (group.size() > 1) {
      call.events().done(LoadEvent.Kind.RANKS_AWAITED, null, 0, System.nanoTime() - made.get());
    }
    return result;
  }

  /** What each rank does by itself before it reads: open the device, and plan. */
  private LoadJob prepare() throws LoadException {
    Distributed known = parts;
    LoadPlan plan = known == null ? LoadPlan.of(wanted, group.rank()) : known.plan(group.rank());
    return call.holding(context -> {
      conversion.checkAll(wanted, context);
      LoadNeeds needs = new LoadNeeds(plan, options, conversion, call.device(), HostLimits.SYSTEM);
      return new LoadJob(call, context, plan, needs);
    });
  }

  /** Loads this rank's parts, some of whose bytes other ranks may read. */
  private FileBuffer loadParts(LoadJob job, Distributed distributed) throws LoadException {
    if (distributed.isReadAhead()) {
      Agreement.Step<LoadJob> reading =
          () -> {
            job.readAhead(distributed.passing(group.rank()));
            return job;
          };
      Agreement.make(group, "shared reads", call.patience(), reading, _ -> {});
    }
    if (distributed.isRead()) {
      return together(() -> handOut(distributed, job.run(), job), FileBuffer::close);
    }
    LoadJob.Result exchanged = job.exchange(group, distributed.exchange(), call.patience());
    return together(() -> handOut(distributed, exchanged, job), FileBuffer::close);
  }

  /** Parts are given out without the other ranks. */
  private FileBuffer handOut(Distributed distributed, LoadJob.Result loaded, LoadJob job) {
    Catalog own = distributed.parts().catalog(group.rank());
    return handOut(distributed.reported(loaded), own, Transports.single(), job);
  }

  private FileBuffer handOut(
      LoadJob.Result loaded, Catalog catalog, Transport givers, LoadJob job) {
    try {
      LoadReport report = loaded.report();
      reported.accept(report);
      return new DefaultFileBuffer(
          catalog, loaded.tensors(), () -> report, job.context(), givers, options.cache());
    } catch (Throwable e) {
      Cleanup.after(e, loaded.tensors()::close);
      throw e;
    }
  }

  private LoadReport report(LoadJob.Result ended) {
    LoadReport report =
        Optional.ofNullable(parts).map(known -> known.reported(ended)).orElse(ended).report();
    reported.accept(report);
    return report;
  }

  /** A rank that gave up while it waited for slower ones says so before any rank has its buffer. */
  private FileBuffer confirm(FileBuffer buffer) throws LoadException {
    Agreement.Step<byte[]> stillWanted =
        () -> {
          call.bounded().signal().checkWanted();
          return new byte[0];
        };
    try {
      var _ = Agreement.gather(group, "load", stillWanted);
      return buffer;
    } catch (Throwable e) {
      Cleanup.after(e, buffer::close);
      throw e;
    }
  }
}
