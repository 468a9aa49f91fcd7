// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Rules of backends about the bytes: IO-103, IO-104, IO-108, IO-113, IO-115 and IO-118.
 *
 * @since 0.1
 */
public interface IoReadRules extends IoRules {
  /** Rule IO-103, on the way that the backend chooses. */
  @Test
  default void required_io103_rangesOfEveryShape() {
    IoBench.use(
        "IO-103",
        this,
        (bench, rule) -> {
          RangeShapes.readAll(bench);
        });
  }

  /** Rule IO-103, into private memory. */
  @Test
  default void required_io103_rangesOfEveryShapeCopied() {
    IoBench.use(
        "IO-103",
        this,
        (bench, rule) -> {
          bench.copied();
          RangeShapes.readAll(bench);
        });
  }

  /** Rule IO-103, mapped. */
  @Test
  default void required_io103_rangesOfEveryShapeMapped() {
    IoBench.use(
        "IO-103",
        this,
        (bench, rule) -> {
          bench.path(Capability.MAPPED, AccessPath.MAPPED, DirectMode.AUTO);
          RangeShapes.readAll(bench);
        });
  }

  /** Rule IO-103, past the page cache. */
  @Test
  default void required_io103_rangesOfEveryShapeDirect() {
    IoBench.use(
        "IO-103",
        this,
        (bench, rule) -> {
          bench.path(Capability.DIRECT_IO, AccessPath.COPIED, DirectMode.ON);
          RangeShapes.readAll(bench);
        });
  }

  /** Rule IO-103: offsets that don't fit 32 bits. */
  @Test
  default void required_io103_offsetsPast4GiB() {
    IoBench.use(
        "IO-103",
        this,
        (bench, rule) -> {
          long size = (5L << 30) + 7;
          SampleFile file = writeSparse(bench, size, 300_001);
          RangePlan plan =
              file.plan(new ByteRange(size - 300_001, size - 5), new ByteRange(size - 5, size));
          bench.check(rule, file, plan, bench.load(plan));
        });
  }

  /** Rule IO-103: a range of more than 4 GiB, if {@link TestkitEnvironment#large} says so. */
  @Test
  default void required_io103_rangesOver4GiB() {
    Assumptions.assumeTrue(
        environment().large(), "takes 5 GiB of memory and disk: set fst.testkit.large=true");
    IoBench.use(
        "IO-103",
        this,
        (bench, rule) -> {
          SampleFile file = SampleFiles.write(bench.folder.next(), (4L << 30) + 12_345, 7);
          bench.check(rule, file, file.whole(), bench.load(file.whole()));
        });
  }

  private static SampleFile writeSparse(IoBench bench, long size, long tail) {
    try {
      return SampleFiles.writeTail(bench.folder.next(), size, tail, 3);
    } catch (IOException e) {
      Assumptions.abort("no room for a file of " + size + " bytes with holes: " + e);
      throw new AssertionError("abort() throws", e);
    }
  }

  /** Rule IO-104: every buffer once, on the device, holding the regions. */
  @Test
  default void required_io104_regionsLieInTheBuffersHandedOut() {
    IoBench.use(
        "IO-104",
        this,
        (bench, rule) -> {
          SampleFile file = bench.folder.write(200_000);
          LoadedRanges loaded =
              bench.load(file.plan(new ByteRange(5, 90_000), new ByteRange(100_000, 200_000)));
          Set<DeviceBuffer> buffers = Set.copyOf(loaded.buffers());
          rule.same(loaded.buffers().size(), buffers.size(), "the number of different buffers");
          for (Region region : loaded.regions()) {
            rule.check(
                buffers.contains(region.buffer()), region + " is in a buffer that is not listed");
            rule.same(device(), region.buffer().device(), "the device of " + region);
          }
        });
  }

  /** Rule IO-108: addresses are multiples of the alignment asked for. */
  @Test
  default void required_io108_alignmentIsHonoured() {
    for (long alignment : List.of(8L, 64L, 512L, 4096L)) {
      IoBench.use(
          "IO-108",
          this,
          (bench, rule) -> {
            bench.alignment(alignment);
            SampleFile file = bench.folder.write(70_000);
            RangePlan plan =
                file.plan(
                    new ByteRange(3, 1000), new ByteRange(1001, 1002), new ByteRange(4097, 70_000));
            LoadedRanges loaded = bench.load(plan);
            for (Region region : loaded.regions()) {
              rule.check(
                  region.address() % alignment == 0,
                  "address " + region.address() + " of " + region + " with alignment " + alignment);
            }
            bench.check(rule, file, plan, loaded);
          });
    }
  }

  /** Rule IO-113: not more memory than the budget. */
  @Test
  default void required_io113_budgetIsKept() {
    IoBench.use(
        "IO-113",
        this,
        (bench, rule) -> {
          bench.copied().budget(50_000);
          SampleFile file = bench.folder.write(200_000);
          rule.refuses(
              DeviceMemoryException.class,
              "loading 200000 bytes with a budget of 50000",
              () -> bench.load(file.whole()));
        });
  }

  /** Rule IO-113: the budget is the session's, not a file's. */
  @Test
  default void required_io113_budgetCountsWhatWasHandedOut() {
    IoBench.use(
        "IO-113",
        this,
        (bench, rule) -> {
          bench.copied().budget(150_000);
          SampleFile file = bench.folder.write(100_000);
          try (IoSession session = bench.session()) {
            bench.load(session, file.whole());
            rule.refuses(
                DeviceMemoryException.class,
                "loading 100000 bytes twice with a budget of 150000",
                () -> bench.load(session, file.whole()));
          }
        });
  }

  /** Rule IO-113: gaps and padding are memory too. */
  @Test
  default void required_io113_gapsAndPaddingCount() {
    IoBench.use(
        "IO-113",
        this,
        (bench, rule) -> {
          bench.copied().alignment(4096).budget(50_000);
          SampleFile file = bench.folder.write(200_000);
          List<ByteRange> ranges = new ArrayList<>();
          for (long at = 1; at < 199_000; at += 5000) {
            ranges.add(new ByteRange(at, at + 10));
          }
          try {
            bench.load(RangePlan.of(file.path(), file.bytes(), ranges));
          } catch (DeviceMemoryException e) {
            // allowed: all of them don't fit at this alignment
          }
          rule.check(
              bench.context.mostBytes() <= 50_000,
              bench.context.mostBytes() + " bytes were allocated with a budget of 50000");
        });
  }

  /** Rule IO-115: what is reported adds up. */
  @Test
  default void required_io115_reportsAddUp() {
    IoBench.use(
        "IO-115",
        this,
        (bench, rule) -> {
          bench.blocks(16_384);
          SampleFile file = bench.folder.write(200_000);
          LoadedRanges loaded = bench.load(file.whole());
          long counted =
              loaded.stats().bytesByPath().values().stream().mapToLong(Long::longValue).sum();
          rule.check(counted >= file.bytes(), "stats count " + counted + " of 200000 bytes");
          rule.same(counted, bench.monitor.blockBytes(), "the sum of bytes told to blockDone()");
          for (TestMonitor.Block block : bench.monitor.blocks()) {
            rule.same(file.path(), block.file(), "the file told to blockDone()");
            rule.check(
                block.offset() >= 0 && block.bytes() > 0, "blockDone() was told of " + block);
          }
        });
  }

  /** Rule IO-115: a block is told when its bytes were read, not before. */
  @Test
  default void required_io115_blocksAreToldWhenTheyWereRead() {
    IoBench.use(
        "IO-115",
        this,
        (bench, rule) -> {
          bench.copied().threads(2).blocks(16_384);
          SampleFile file = bench.folder.write(200_000);
          BlockWatch watch = new BlockWatch(bench.context, bench.monitor, file);
          bench.monitor.onBlock(watch::look);
          LoadedRanges loaded = bench.load(file.whole());
          watch.check(rule, loaded.regions().getFirst());
        });
  }

  /** Rule IO-118: threads and blocks change the speed, not the bytes. */
  @Test
  default void required_io118_anyThreadsAndBlocks() {
    for (int threads : List.of(1, 3, 16)) {
      for (long block : List.of(4096L, 12_288L, 1L << 20)) {
        IoBench.use(
            "IO-118",
            this,
            (bench, rule) -> {
              bench.threads(threads).blocks(block);
              SampleFile file = bench.folder.write(333_333);
              RangePlan plan =
                  file.plan(new ByteRange(1, 200_000), new ByteRange(200_001, 333_333));
              bench.check(rule, file, plan, bench.load(plan));
            });
      }
    }
  }

  /** Rule IO-114: several files at once, awaited in any order. */
  @Test
  default void required_io114_severalFilesInFlight() {
    IoBench.use(
        "IO-114",
        this,
        (bench, rule) -> {
          bench.blocks(16_384);
          try (IoSession session = bench.session()) {
            ConcurrentFiles flight = new ConcurrentFiles(bench, session);
            flight.submit(100_000, 1, 250_000, 4096);
            flight.awaitBackwards(rule);
          }
        });
  }
}
