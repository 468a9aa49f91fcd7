// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.backend.posix.io.PosixPaths.Placement;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.backend.posix.memory.Numa;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceContext.LateMemory;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.Provider.Option;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.FileRead;
import io.fastsafetensors.toolkit.io.HostTarget;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.ReadSession;
import io.fastsafetensors.toolkit.io.ReadTuning;
import io.fastsafetensors.toolkit.io.RingTarget;
import java.util.List;
import java.util.Optional;

/** One load's reads: chooses, by device, options and page cache, where the bytes of a file go. */
public final class PosixSession extends ReadSession<PosixFile> {
  /** The id of the backend. */
  public static final String BACKEND = "posix";

  private static final Option<Boolean> DROP_CACHE =
      Option.flag("posix.drop-cache")
          .describedAs(
              "Whether what a load brought into the page cache leaves it again: blocks of 4 MiB of"
                  + " which nothing was there before.");

  /** The options of a load that the backend has. */
  public static final List<Option<?>> OPTIONS = List.of(DROP_CACHE);

  private static final long BLOCK = 4 << 20;
  private static final int LEAST_DEPTH = 8;
  private static final int MOST_DEPTH = 32;
  private static final int MOST_WIDTH = 16;

  private final Libc libc;
  private final Alignment alignment;

  /** Opens a session for a device. */
  public PosixSession(Libc libc, DeviceContext context, IoOptions options) {
    super(
        BACKEND,
        context,
        options,
        tuning(options, Runtime.getRuntime().availableProcessors()),
        () -> Numa.SYSTEM.stayNear(libc, context.numaNode()));
    this.libc = libc;
    this.alignment = Alignment.of(context.device(), options.alignment());
  }

  /** Chooses for a machine of so many processors what the options leave open. */
  static ReadTuning tuning(IoOptions options, int processors) {
    int depth = Math.clamp(2L * processors, LEAST_DEPTH, MOST_DEPTH);
    return ReadTuning.of(options, depth, Math.min(processors, MOST_WIDTH), BLOCK);
  }

  @Override
  protected PosixFile plan(RangePlan plan) throws LoadException {
    boolean dropCache = options().property(DROP_CACHE);
    PosixFile file = new PosixFile(libc, plan, options().monitor(), dropCache);
    if (options().path() == AccessPath.MAPPED && !context().device().isCpu()) {
      throw file.unsupported(
          "can't be mapped: " + context().device() + " sees no mappings of the host", null);
    }
    return file;
  }

  @Override
  protected Choice choose(RangePlan plan, PosixFile file) throws LoadException {
    if (!context().isHostVisible()) {
      RangeLayout layout = alignment.layout(plan);
      return Choice.of(
          RingTarget.allocate(this, file, layout), paths(file, Placement.STAGED, false));
    }
    boolean mappable = context().device().isCpu() && plan.bytes() > 0;
    return switch (mappable ? options().path() : AccessPath.COPIED) {
      case MAPPED -> mapped(map(plan, file)).orElseThrow();
      case AUTO -> options().direct() == DirectMode.ON ? copied(plan, file) : auto(plan, file);
      case COPIED -> copied(plan, file);
    };
  }

  private PosixPaths paths(PosixFile file, Placement placement, boolean cached) {
    return new PosixPaths(file, options().direct(), placement, cached);
  }

  private Choice auto(RangePlan plan, PosixFile file) throws LoadException {
    try {
      Optional<Choice> mapped = mapped(map(plan, file));
      return mapped.isPresent() ? mapped.get() : copied(plan, file, false);
    } catch (UnsupportedTransferException e) {
      return copied(plan, file);
    }
  }

  private FileMapping map(RangePlan plan, PosixFile file) throws UnsupportedTransferException {
    long misaligned = options().alignment() - 1;
    if (misaligned > 0
        && plan.ranges().stream().anyMatch(range -> (range.begin() & misaligned) != 0)) {
      throw file.unsupported(
          "has tensors off multiples of " + options().alignment() + ", can't be mapped", null);
    }
    try {
      return FileMapping.map(libc, file, plan, options().writable());
    } catch (ErrnoException e) {
      throw file.unsupported("can't be mapped: " + e.getMessage(), e);
    }
  }

  /** Fills a mapping from the page cache; empty, and unmapped, if that has too little of it. */
  private Optional<Choice> mapped(FileMapping mapping) throws LoadException {
    Optional<Choice> choice = Optional.empty();
    try {
      Residency residency =
          Residency.of(mapping.file().cache(), mapping.plan(), block -> populate(mapping, block));
      choice = mapped(mapping, residency);
      return choice;
    } finally {
      if (choice.isEmpty()) {
        mapping.buffer().close();
      }
    }
  }

  private static long populate(FileMapping mapping, FileRead block) throws LoadException {
    mapping.file().checkpoint();
    return mapping.populate(block);
  }

  private Optional<Choice> mapped(FileMapping mapping, Residency residency) throws LoadException {
    PosixFile file = mapping.file();
    if (!residency.missing().isEmpty()) {
      ensureThread();
    }
    if (options().path() == AccessPath.MAPPED
        || residency.isCached()
        || file.cache().isBestMappedUnseen()
        || !options().monitor().memory().fits()) {
      return Optional.of(
          Choice.of(new MappedTarget(mapping, residency), paths(file, Placement.MAPPED, false)));
    }
    Optional<LateMemory> late = context().lateMemory();
    if (residency.isWorthMapping() && late.isPresent()) {
      return Optional.of(
          Choice.of(
              MixedTarget.over(mapping, late.get(), this, residency),
              paths(file, Placement.MIXED, false)));
    }
    return Optional.empty();
  }

  private Choice copied(RangePlan plan, PosixFile file) throws LoadException {
    boolean cached =
        options().direct() != DirectMode.ON && Residency.of(file.cache(), plan).isCached();
    return copied(plan, file, cached);
  }

  private Choice copied(RangePlan plan, PosixFile file, boolean cached) throws LoadException {
    boolean ofHost = context().device().isCpu();
    PosixPaths paths = paths(file, ofHost ? Placement.COPIED : Placement.UNIFIED, cached);
    RangeLayout layout =
        paths.mayReadDirectly() ? alignment.layout(plan, file.direct()) : alignment.layout(plan);
    return Choice.of(HostTarget.allocate(this, file, layout), paths);
  }
}
