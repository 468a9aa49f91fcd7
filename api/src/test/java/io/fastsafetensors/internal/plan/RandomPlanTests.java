// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.oracle.PartOracle;
import io.fastsafetensors.spi.ByteRange;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Plans of random parts read what is wanted once, and hardly more. */
class RandomPlanTests {
  /** What may be read with the rows around it. */
  private static final int GAP = 16 << 10;

  private static final long MOST_BYTES = 16 << 20;
  private static final int SMALL = 1000;
  private static final int LARGE = 15;

  /** What ranks want of files; the text has all that makes it. */
  record Plan(long seed, Catalog catalog, List<List<Part>> byRank) {
    RankParts parts() {
      return new RankParts(catalog, byRank);
    }

    /** Returns the bytes of a file that some ranks want, and with them the gaps up to a size. */
    BitSet wanted(CatalogFile file, List<Integer> ranks, boolean rowsOnly, int gap) {
      BitSet all = new BitSet();
      int i = 0;
      for (CatalogEntry entry : catalog.entries()) {
        if (entry.file().index() == file.index()) {
          BitSet bytes = new BitSet();
          for (int rank : ranks) {
            BitSet of = oracle(entry, byRank.get(rank).get(i), rank).bytes();
            bytes.or(rowsOnly && isOneRun(of) ? new BitSet() : of);
          }
          closeGaps(bytes, gap);
          forEachRun(bytes, run -> all.set(at(entry, run.begin()), at(entry, run.end())));
        }
        i++;
      }
      return all;
    }

    private static int at(CatalogEntry entry, long offset) {
      return (int) (entry.range().begin() + offset);
    }

    PartOracle oracle(CatalogEntry entry, Part part, int rank) {
      return new PartOracle(entry.info().dtype(), entry.info().shape(), part, byRank.size(), rank);
    }

    @Override
    public String toString() {
      return "seed " + seed + ": " + catalog.tensors() + " " + byRank;
    }
  }

  private static boolean isOneRun(BitSet bytes) {
    return bytes.isEmpty() || bytes.cardinality() == bytes.length() - bytes.nextSetBit(0);
  }

  private static void closeGaps(BitSet bytes, int gap) {
    long[] end = {Long.MIN_VALUE / 2};
    forEachRun(
        (BitSet) bytes.clone(),
        run -> {
          if (run.begin() - end[0] <= gap) {
            bytes.set((int) end[0], (int) run.begin());
          }
          end[0] = run.end();
        });
  }

  private static void forEachRun(BitSet bytes, Consumer<ByteRange> run) {
    for (int begin = bytes.nextSetBit(0); begin >= 0; ) {
      int end = bytes.nextClearBit(begin);
      run.accept(new ByteRange(begin, end));
      begin = bytes.nextSetBit(end);
    }
  }

  /** Makes some files of some tensors, and a part of each for each rank. */
  static Plan plan(long seed, boolean large) throws LoadException {
    Random random = new Random(seed);
    RandomParts chance = new RandomParts(random);
    List<CatalogFile> files = new ArrayList<>();
    for (int file = 0; file < 1 + random.nextInt(3); file++) {
      Map<String, Map.Entry<DType, Shape>> tensors = new LinkedHashMap<>();
      for (int tensor = 0; tensor < 1 + random.nextInt(large ? 3 : 6); tensor++) {
        DType dtype = large ? DType.F64 : chance.dtype();
        Shape shape = large ? large(random) : chance.shape(dtype);
        tensors.put(file + "." + tensor, Map.entry(dtype, shape));
      }
      files.add(CatalogTests.typedFile(file, file, Path.of(file + ".safetensors"), tensors));
    }
    Catalog catalog = Catalog.of(files, List.of());
    List<List<Part>> byRank = new ArrayList<>();
    int ranks = 1 + random.nextInt(5);
    for (int rank = 0; rank < ranks; rank++) {
      List<Part> parts = new ArrayList<>();
      for (CatalogEntry entry : catalog.entries()) {
        parts.add(part(entry, chance, ranks, rank));
      }
      byRank.add(parts);
    }
    return new Plan(seed, catalog, byRank);
  }

  /** Returns a shape with rows that may be further apart than what is read with them. */
  private static Shape large(Random random) {
    return Shape.of(1 + random.nextInt(4), 1 + random.nextInt(6), 500L * (1 + random.nextInt(10)));
  }

  private static Part part(CatalogEntry entry, RandomParts chance, int ranks, int rank) {
    DType dtype = entry.info().dtype();
    Shape shape = entry.info().shape();
    Part part = chance.random().nextInt(6) == 0 ? Part.none() : chance.part(shape);
    return new PartOracle(dtype, shape, part, ranks, rank).isWholeBytes() ? part : Part.whole();
  }

  @Test
  void everyRankReadsWhatItWantsOnce() throws LoadException {
    for (long seed = 0; seed < SMALL; seed++) {
      readsWhatItWants(plan(seed, false));
    }
    for (long seed = 0; seed < LARGE; seed++) {
      readsWhatItWants(plan(seed, true));
    }
  }

  private static void readsWhatItWants(Plan plan) {
    for (int rank = 0; rank < plan.byRank.size(); rank++) {
      LoadPlan own = LoadPlan.of(plan.parts().of(rank));
      long bytes = 0;
      for (CatalogFile file : plan.catalog.files()) {
        BitSet wanted = plan.wanted(file, List.of(rank), false, 0);
        BitSet most = plan.wanted(file, List.of(rank), true, GAP);
        most.or(wanted);
        List<FilePlan> reads =
            Stream.concat(
                    own.files().stream(), own.gathers().stream().flatMap(g -> g.chunks().stream()))
                .filter(read -> read.file().index() == file.index())
                .toList();
        assertThat(readOnce(plan, reads, wanted, most)).as("%s, rank %d", plan, rank).isTrue();
        bytes += wanted.cardinality();
      }
      assertThat(own.bytes()).as("%s, rank %d", plan, rank).isEqualTo(bytes);
      own.gathers().forEach(gather -> checkChunks(plan, gather.chunks()));
      assertThat(own.readBytes())
          .as("%s, rank %d", plan, rank)
          .isEqualTo(
              own.files().stream().mapToLong(FilePlan::bytes).sum()
                  + own.gathers().stream()
                      .flatMap(gather -> gather.chunks().stream())
                      .mapToLong(FilePlan::bytes)
                      .sum());
    }
  }

  @Test
  void allRanksTogetherReadEachByteOnce() throws LoadException {
    for (long seed = 0; seed < SMALL; seed++) {
      readsTogether(plan(seed, false));
    }
    for (long seed = 0; seed < LARGE; seed++) {
      readsTogether(plan(seed, true));
    }
  }

  private static void readsTogether(Plan plan) {
    List<Integer> all = Stream.iterate(0, i -> i + 1).limit(plan.byRank.size()).toList();
    List<FilePlan> chunks = plan.parts().chunks();
    checkChunks(plan, chunks);
    for (CatalogFile file : plan.catalog.files()) {
      List<FilePlan> reads =
          chunks.stream().filter(read -> read.file().index() == file.index()).toList();
      BitSet wanted = plan.wanted(file, all, false, 0);
      assertThat(readOnce(plan, reads, wanted, plan.wanted(file, all, false, GAP)))
          .as("%s", plan)
          .isTrue();
    }
    assertThat(plan.parts().bytesOfAll())
        .as("%s", plan)
        .isEqualTo(chunks.stream().mapToLong(FilePlan::bytes).sum());
  }

  /** Fails where a byte is read twice, or isn't read though wanted, or isn't near to one. */
  private static boolean readOnce(Plan plan, List<FilePlan> reads, BitSet wanted, BitSet most) {
    BitSet read = new BitSet();
    for (FilePlan chunk : reads) {
      for (ByteRange range : chunk.ranges().ranges()) {
        int begin = (int) range.begin();
        int end = (int) range.end();
        assertThat(read.get(begin, end).isEmpty()).as("%s: %s again", plan, range).isTrue();
        read.set(begin, end);
      }
    }
    BitSet missing = (BitSet) wanted.clone();
    missing.andNot(read);
    assertThat(missing.isEmpty()).as("%s: unread bytes %s", plan, missing).isTrue();
    read.andNot(most);
    assertThat(read.isEmpty()).as("%s: needless bytes %s", plan, read).isTrue();
    return true;
  }

  private static void checkChunks(Plan plan, List<FilePlan> chunks) {
    for (FilePlan chunk : chunks) {
      assertThat(chunk.bytes()).as("%s: %s", plan, chunk.ranges()).isBetween(1L, MOST_BYTES);
      assertThat(chunk.tensors()).hasSameSizeAs(chunk.ranges().ranges());
    }
  }

  @Test
  void chunksOfLargeTensorsAreBounded() throws LoadException {
    Shape shape = Shape.of(10_000, 20_000);
    List<CatalogFile> file =
        List.of(
            CatalogTests.typedFile(0, 0, Path.of("a"), Map.of("a", Map.entry(DType.U8, shape))));
    Catalog catalog = Catalog.of(file, List.of());
    long column = bytesOf(catalog, Part.slice(1, 7, 8), 4096, 3);
    assertThat(column).as("rows that are far apart").isEqualTo(10_000);
    long most = bytesOf(catalog, Part.slice(1, 0, 19_999), 1, 12);
    assertThat(most).as("rows that are near").isEqualTo(200_000_000 - 1);
    long near = bytesOf(catalog, Part.slice(1, 0, 20_000 - GAP), 1, 12);
    assertThat(near).as("rows just near enough").isEqualTo(200_000_000 - GAP);
    long far = bytesOf(catalog, Part.slice(1, 0, 20_000 - GAP - 1), 4700, 3);
    assertThat(far).as("rows just too far").isEqualTo(10_000L * (20_000 - GAP - 1));
  }

  /** Returns how many bytes a rank reads for a part. */
  private static long bytesOf(Catalog catalog, Part part, int mostRuns, int chunks) {
    RankParts parts = new RankParts(catalog, List.of(List.of(part)));
    LoadPlan plan = LoadPlan.of(parts.of(0));
    List<FilePlan> cut = plan.gathers().getFirst().chunks();
    assertThat(cut).as("%s", part).hasSize(chunks);
    assertThat(cut)
        .allSatisfy(chunk -> {
          assertThat(chunk.bytes()).as("%s", part).isLessThanOrEqualTo(MOST_BYTES);
          assertThat(chunk.tensors().size()).as("%s", part).isLessThanOrEqualTo(mostRuns);
        });
    return plan.readBytes();
  }
}
