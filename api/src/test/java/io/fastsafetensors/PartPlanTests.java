// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a plan counts is what a map of the file's bytes shows. */
class PartPlanTests {
  private static final int ROWS = 12;
  private static final int CELLS = 5;

  /** Larger than the gaps that are read with what is on both sides of them. */
  private static final int CELL_BYTES = 20_000;

  @TempDir private Path folder;
  private Checkpoint checkpoint;

  @BeforeEach
  void writeFiles() throws IOException {
    write("1", "grid", Shape.of(ROWS, (long) CELLS * CELL_BYTES));
    write("2", "norm", Shape.of(7));
    checkpoint = Checkpoint.find(folder);
  }

  private void write(String file, String tensor, Shape shape) throws IOException {
    byte[] bytes = new byte[Math.toIntExact(shape.elements())];
    new SafetensorsWriter()
        .add(tensor, DType.U8, shape, MemorySegment.ofArray(bytes))
        .write(folder.resolve(file + ".safetensors"));
  }

  private static LoadOptions options(Selection selection, Distribution how) {
    return LoadOptions.builder().selection(selection).distribution(how).build();
  }

  /** What one rank wants of the grid, and the cells that have it. */
  private record Wanted(Part part, BitSet cells) {
    static Wanted any(Random random) {
      BitSet cells = new BitSet();
      if (random.nextBoolean()) {
        long[] rows =
            IntStream.range(0, ROWS).filter(_ -> random.nextInt(3) == 0).asLongStream().toArray();
        for (long row : rows) {
          cells.set((int) row * CELLS, (int) (row + 1) * CELLS);
        }
        return new Wanted(Part.rows(rows), cells);
      }
      int fromRow = random.nextInt(ROWS + 1);
      int toRow = fromRow + random.nextInt(ROWS + 1 - fromRow);
      int from = random.nextInt(CELLS);
      int to = from + 1 + random.nextInt(CELLS - from);
      for (int row = fromRow; row < toRow; row++) {
        cells.set(row * CELLS + from, row * CELLS + to);
      }
      Part part =
          Part.slice(0, fromRow, toRow).and(1, (long) from * CELL_BYTES, (long) to * CELL_BYTES);
      return new Wanted(part, cells);
    }

    long bytes() {
      return (long) cells.cardinality() * CELL_BYTES;
    }

    long ranges() {
      return cells.stream().filter(cell -> cell == 0 || !cells.get(cell - 1)).count();
    }
  }

  @Test
  void countsWhatIsWantedAndHowOften() throws Exception {
    Random random = new Random(21);
    for (int round = 0; round < 200; round++) {
      List<Wanted> wanted = new ArrayList<>();
      for (int rank = 0; rank <= random.nextInt(4); rank++) {
        wanted.add(Wanted.any(random));
      }
      PartPlan plan =
          checkpoint.plan(
              wanted.size(),
              rank ->
                  options(
                      Selection.builder()
                          .part("grid", wanted.get(rank).part)
                          .otherwise(Part.none())
                          .build(),
                      Distribution.LOCAL));
      BitSet once = new BitSet();
      BitSet twice = new BitSet();
      for (int rank = 0; rank < wanted.size(); rank++) {
        BitSet again = (BitSet) wanted.get(rank).cells.clone();
        again.and(once);
        twice.or(again);
        once.or(wanted.get(rank).cells);
        assertThat(plan.ranks().get(rank))
            .as("rank %s of %s", rank, wanted)
            .returns(1L, PartPlan.RankReads::tensors)
            .returns(wanted.get(rank).bytes(), PartPlan.RankReads::bytes)
            .returns(wanted.get(rank).bytes(), PartPlan.RankReads::readBytes)
            .returns(wanted.get(rank).ranges(), PartPlan.RankReads::ranges);
      }
      assertThat(plan)
          .as("%s", wanted)
          .returns(Distribution.LOCAL, PartPlan::distribution)
          .returns(wanted.stream().mapToLong(Wanted::bytes).sum(), PartPlan::readBytes)
          .returns((long) once.cardinality() * CELL_BYTES, PartPlan::onceBytes)
          .returns((long) twice.cardinality() * CELL_BYTES, PartPlan::overlapBytes);
    }
  }

  @Test
  void autoSharesWhatSeveralWantAndOwnersReadForAll() throws Exception {
    PartPlan whole = checkpoint.plan(2, _ -> options(Selection.all(), Distribution.AUTO));
    long all = (long) ROWS * CELLS * CELL_BYTES + 7;
    assertThat(whole)
        .returns(Distribution.SHARED, PartPlan::distribution)
        .returns(all, PartPlan::readBytes)
        .returns(all, PartPlan::onceBytes)
        .returns(all, PartPlan::overlapBytes);
    Selection shards = Selection.of(Part.shard(0));
    assertThat(checkpoint.plan(2, _ -> options(shards, Distribution.AUTO)))
        .returns(Distribution.LOCAL, PartPlan::distribution)
        .returns(0L, PartPlan::overlapBytes);
    PartPlan owned = checkpoint.plan(2, _ -> options(shards, Distribution.OWNER));
    assertThat(owned.ranks().get(0).readBytes()).isEqualTo(all - 7);
    assertThat(owned.ranks().get(1).readBytes()).isEqualTo(7);
    assertThat(owned.ranks().get(1).bytes()).isEqualTo((all - 7) / 2 + 3);
  }

  @Test
  void thePartOfATensorMayDependOnIt() throws Exception {
    Selection half =
        Selection.builder()
            .part("*", tensor -> Part.slice(0, tensor.shape().dim(0) / 2, tensor.shape().dim(0)))
            .build();
    assertThat(checkpoint.plan(1, _ -> options(half, Distribution.AUTO)).ranks().getFirst().bytes())
        .isEqualTo(6L * CELLS * CELL_BYTES + 4);
  }

  @Test
  void refusesWhatALoadWouldRefuse() {
    LoadOptions grid = LoadOptions.builder().filter("grid").build();
    LoadOptions norm = LoadOptions.builder().filter("norm").build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> checkpoint.plan(2, rank -> rank == 0 ? grid : norm))
        .withMessage("filters [norm] of rank 1, [grid] of rank 0: want the same for all ranks");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> checkpoint.plan(0, _ -> grid))
        .withMessage("0 ranks: want 1 or more");
    Selection rows = Selection.builder().part("nor?", Part.rows(7)).build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> checkpoint.plan(1, _ -> options(rows, Distribution.AUTO)))
        .withMessageContaining("tensor 'norm' U8 [7] has no row 7");
    Selection other = Selection.builder().part("x*", Part.rows(7)).build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> checkpoint.plan(1, _ -> options(other, Distribution.AUTO)))
        .withMessageContaining("no tensor matches 'x*'");
  }
}
