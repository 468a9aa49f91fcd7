// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.DirectMode;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.backend.posix.memory.LinuxContext;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.MemoryBudget;
import io.fastsafetensors.spi.RangeLayout;
import io.fastsafetensors.spi.RangePlan;
import org.jspecify.annotations.Nullable;

/** Chooses, by device, options and page cache, where the bytes of a file go. */
final class Targets implements AutoCloseable {
  /** How many streams copy at a time: one is filled while the other is under way. */
  private static final int STREAMS = 2;

  private final Libc libc;
  private final DeviceContext context;
  private final IoOptions options;
  private final Tuning tuning;
  private final Alignment alignment;
  private final Workers workers;
  private final MemoryBudget budget;
  private @Nullable StagingRing ring;

  Targets(Libc libc, DeviceContext context, IoOptions options, Tuning tuning, Workers workers) {
    this.libc = libc;
    this.context = context;
    this.options = options;
    this.tuning = tuning;
    this.workers = workers;
    this.alignment = Alignment.of(context.device(), tuning.alignment());
    this.budget = new MemoryBudget(context.device(), options.memoryBudget());
  }

  /**
   * A choice.
   *
   * @param target the memory
   * @param sorter the ways to it
   */
  record Choice(Target target, Sorter sorter) {}

  /**
   * Chooses, and allocates.
   *
   * @throws LoadException if there is no memory, or no thread that would fill it
   */
  Choice choose(RangePlan plan, SourceFile file) throws LoadException {
    if (!context.isHostVisible()) {
      return new Choice(staged(plan, file), sorter(file, false, false));
    }
    Residency residency =
        tuning.direct() == DirectMode.ON
            ? Residency.none(file.cache(), plan)
            : Residency.of(file.cache(), plan);
    if (!context.device().isCpu()) {
      return copied(plan, file, residency.isCached()); // devices don't see what the host maps
    }
    return switch (options.path()) {
      case MAPPED -> mapped(plan, file, residency);
      case COPIED -> copied(plan, file, residency.isCached());
      case AUTO ->
          residency.isWorthMapping()
              ? mappedOrCopied(plan, file, residency)
              : copied(plan, file, residency.isCached());
    };
  }

  private Sorter sorter(SourceFile file, boolean mapped, boolean cached) {
    return new Sorter(file, tuning.direct(), mapped, cached);
  }

  private Choice mappedOrCopied(RangePlan plan, SourceFile file, Residency residency)
      throws LoadException {
    try {
      return residency.isCached() ? mapped(plan, file, residency) : mixed(plan, file, residency);
    } catch (UnsupportedTransferException e) {
      return copied(plan, file, residency.isCached());
    }
  }

  private Choice mapped(RangePlan plan, SourceFile file, Residency residency) throws LoadException {
    if (plan.bytes() == 0) {
      return copied(plan, file, residency.isCached());
    }
    MappedTarget target = new MappedTarget(map(plan, file, residency), residency);
    return new Choice(target, sorter(file, true, false));
  }

  /** Maps what is cached, and reads the rest to its place in the mapping. */
  private Choice mixed(RangePlan plan, SourceFile file, Residency residency) throws LoadException {
    if (!(context instanceof LinuxContext memory)) {
      return copied(plan, file, false);
    }
    FileMapping mapping = map(plan, file, residency);
    return new Choice(
        MixedTarget.over(mapping, memory, budget, residency, tuning.blockBytes()),
        sorter(file, false, false));
  }

  private FileMapping map(RangePlan plan, SourceFile file, Residency residency)
      throws LoadException {
    long misaligned = options.alignment() - 1;
    if (misaligned > 0
        && plan.ranges().stream().anyMatch(range -> (range.begin() & misaligned) != 0)) {
      throw SourceFile.unsupported(
          file.path(), "has tensors off multiples of " + options.alignment() + ", can't be mapped");
    }
    if (!residency.missing().isEmpty()) {
      workers.addFirst();
    }
    try {
      return FileMapping.map(libc, file, plan);
    } catch (ErrnoException e) {
      throw SourceFile.unsupported(file.path(), "can't be mapped: " + e.getMessage());
    }
  }

  private Choice copied(RangePlan plan, SourceFile file, boolean cached) throws LoadException {
    boolean direct = tuning.direct() != DirectMode.OFF && !cached && file.direct().isAllowed();
    HostLayout layout =
        direct
            ? HostLayout.forDirect(plan, alignment, file.direct())
            : HostLayout.forCopies(plan, alignment);
    workers.addFirst();
    budget.take(layout.bytes());
    return new Choice(
        HostTarget.allocate(context, layout, file, tuning.blockBytes()),
        sorter(file, false, cached));
  }

  private Target staged(RangePlan plan, SourceFile file) throws LoadException {
    RangeLayout layout = RangeLayout.of(plan, alignment.rules(1));
    workers.addFirst();
    budget.take(layout.bytes());
    return RingTarget.allocate(context, layout, file, ring(), tuning.blockBytes());
  }

  private StagingRing ring() throws LoadException {
    StagingRing known = ring;
    if (known == null) {
      int most = tuning.threads() + 2 * STREAMS;
      known = StagingRing.open(context, tuning.blockBytes(), most, STREAMS);
      ring = known;
    }
    return known;
  }

  /** Frees the ring; the caller has drained it. */
  @Override
  public void close() {
    if (ring != null) {
      ring.close();
    }
  }
}
