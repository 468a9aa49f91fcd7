// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceContext.LateMemory;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.MemoryBudget;
import io.fastsafetensors.toolkit.io.RangeLayout;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Chooses, by device, options and page cache, where the bytes of a file go. */
final class Targets implements AutoCloseable {
  /** How many streams copy at a time: one is filled while the other is under way. */
  private static final int STREAMS = 2;

  private final Libc libc;
  private final DeviceContext context;
  private final IoOptions options;
  private final PosixTuning tuning;
  private final Alignment alignment;
  private final PosixWorkers workers;
  private final MemoryBudget budget;
  private final LoadMemory memory;
  private @Nullable StagingRing ring;

  Targets(
      Libc libc,
      DeviceContext context,
      IoOptions options,
      PosixTuning tuning,
      PosixWorkers workers) {
    this.libc = libc;
    this.context = context;
    this.options = options;
    this.tuning = tuning;
    this.workers = workers;
    this.alignment = Alignment.of(context.device(), tuning.alignment());
    this.budget = new MemoryBudget(context.device(), options.memoryBudget());
    this.memory = options.monitor().memory();
  }

  /**
   * A choice.
   *
   * @param target the memory
   * @param sorter the ways to it
   */
  record Choice(ReadTarget target, Sorter sorter) {}

  /**
   * Chooses, allocates, and fills the page tables of what is mapped and cached.
   *
   * @throws LoadException if there is no memory, or no thread that would fill it
   */
  Choice choose(RangePlan plan, PosixFile file, FileReader reader) throws LoadException {
    if (options.path() == AccessPath.MAPPED && !context.device().isCpu()) {
      throw PosixFile.unsupported(
          file.path(), "can't be mapped: " + context.device() + " sees no mappings of the host");
    }
    if (!context.isHostVisible()) {
      return new Choice(staged(plan, file), sorter(file, false, false));
    }
    boolean mappable = context.device().isCpu() && plan.bytes() > 0;
    return switch (mappable ? options.path() : AccessPath.COPIED) {
      case MAPPED -> mapped(map(plan, file), reader).orElseThrow();
      case AUTO -> tuning.direct() == DirectMode.ON ? copied(plan, file) : auto(plan, file, reader);
      case COPIED -> copied(plan, file);
    };
  }

  private Choice auto(RangePlan plan, PosixFile file, FileReader reader) throws LoadException {
    try {
      Optional<Choice> mapped = mapped(map(plan, file), reader);
      return mapped.isPresent() ? mapped.get() : copied(plan, file, false);
    } catch (UnsupportedTransferException e) {
      return copied(plan, file);
    }
  }

  private FileMapping map(RangePlan plan, PosixFile file) throws UnsupportedTransferException {
    long misaligned = options.alignment() - 1;
    if (misaligned > 0
        && plan.ranges().stream().anyMatch(range -> (range.begin() & misaligned) != 0)) {
      throw PosixFile.unsupported(
          file.path(), "has tensors off multiples of " + options.alignment() + ", can't be mapped");
    }
    try {
      return FileMapping.map(libc, file, plan);
    } catch (ErrnoException e) {
      throw PosixFile.unsupported(file.path(), "can't be mapped: " + e.getMessage());
    }
  }

  /** Fills a mapping from the page cache; empty, and unmapped, if that has too little of it. */
  private Optional<Choice> mapped(FileMapping mapping, FileReader reader) throws LoadException {
    Optional<Choice> choice = Optional.empty();
    try {
      Residency residency =
          Residency.of(
              mapping.file().cache(), mapping.plan(), block -> populate(mapping, block, reader));
      choice = mapped(mapping, residency);
      return choice;
    } finally {
      if (choice.isEmpty()) {
        mapping.buffer().close();
      }
    }
  }

  private static long populate(FileMapping mapping, FileRead block, FileReader reader)
      throws LoadException {
    reader.monitor().checkpoint();
    return mapping.populate(block, reader);
  }

  private Optional<Choice> mapped(FileMapping mapping, Residency residency) throws LoadException {
    PosixFile file = mapping.file();
    if (!residency.missing().isEmpty()) {
      workers.addFirst();
    }
    if (options.path() == AccessPath.MAPPED
        || residency.isCached()
        || file.cache().isBestMappedUnseen()
        || !memory.fits()) {
      return Optional.of(
          new Choice(new MappedTarget(mapping, residency), sorter(file, true, false)));
    }
    Optional<LateMemory> late = context.lateMemory();
    if (residency.isWorthMapping() && late.isPresent()) {
      ReadTarget mixed =
          MixedTarget.over(mapping, late.get(), budget, residency, tuning.blockBytes(), memory);
      return Optional.of(new Choice(mixed, sorter(file, false, false)));
    }
    return Optional.empty();
  }

  private Sorter sorter(PosixFile file, boolean mapped, boolean cached) {
    return new Sorter(file, tuning.direct(), mapped, cached);
  }

  private Choice copied(RangePlan plan, PosixFile file) throws LoadException {
    boolean cached =
        tuning.direct() != DirectMode.ON && Residency.of(file.cache(), plan).isCached();
    return copied(plan, file, cached);
  }

  private Choice copied(RangePlan plan, PosixFile file, boolean cached) throws LoadException {
    Sorter sorter = sorter(file, false, cached);
    HostLayout layout =
        sorter.mayReadDirectly()
            ? HostLayout.forDirect(plan, alignment, file.direct())
            : HostLayout.forCopies(plan, alignment);
    workers.addFirst();
    budget.take(layout.bytes());
    return new Choice(
        HostTarget.allocate(context, layout, file, tuning.blockBytes(), memory), sorter);
  }

  private ReadTarget staged(RangePlan plan, PosixFile file) throws LoadException {
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
