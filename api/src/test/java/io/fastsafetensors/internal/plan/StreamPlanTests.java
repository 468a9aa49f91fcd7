// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.toolkit.io.RangeLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Steps of streams have all that is wanted, in order, and fit into the window. */
class StreamPlanTests {
  private static final int PLANS = 1500;

  /** What a rank got of a tensor so far. */
  private static final class Came {
    private final BitSet bytes = new BitSet();
    private long offset;
    private boolean isAll;
  }

  @Test
  void everyWantedByteComesOnceAndInOrder() throws Exception {
    for (long seed = 0; seed < PLANS; seed++) {
      Random random = new Random(seed);
      RandomPlanTests.Plan wanted = RandomPlanTests.plan(seed, seed % 10 == 0);
      WindowSizes sizes = new WindowSizes((256L + random.nextInt(4096)) << 10, 0);
      check(wanted, sizes, random.nextBoolean());
    }
  }

  private static void check(RandomPlanTests.Plan wanted, WindowSizes sizes, boolean isRead) {
    for (int rank = 0; rank < wanted.byRank().size(); rank++) {
      StreamPlan plan =
          StreamPlan.of(
              new StreamPlan.Wanted(
                  wanted.catalog(), wanted.byRank(), rank, sizes, true, isRead, _ -> 0));
      Map<String, Came> came = new LinkedHashMap<>();
      for (StreamPlan.Step step : plan.steps()) {
        assertThat(step.bytes()).as("%s", wanted).isLessThanOrEqualTo(sizes.step());
        for (WantedPart part : step.parts().of(rank)) {
          add(came.computeIfAbsent(part.name(), _ -> new Came()), part, step, wanted);
        }
        if (isRead) {
          assertThat(held(step.parts().plan(rank))).isLessThanOrEqualTo(step.bytes());
        }
      }
      checkAll(came, wanted, rank);
    }
  }

  private static void add(
      Came came, WantedPart part, StreamPlan.Step step, RandomPlanTests.Plan wanted) {
    assertThat(came.isAll).as("%s: %s goes on", wanted, part.name()).isFalse();
    assertThat(step.offset()).as("%s: %s", wanted, part.name()).isEqualTo(came.offset);
    for (Slice.PartRows partRows : part.slice().partRows()) {
      Slice.Rows rows = partRows.rows();
      for (long row = 0; row < rows.rows(); row++) {
        int begin = Math.toIntExact(rows.offset() + row * rows.pitch());
        assertThat(came.bytes.length()).as("%s", wanted).isLessThanOrEqualTo(begin);
        came.bytes.set(begin, Math.toIntExact(begin + rows.rowBytes()));
      }
    }
    came.offset += part.bytes();
    came.isAll = step.isLast();
  }

  /** Returns the memory that a reader of aligned blocks takes, and gathered rows. */
  private static long held(LoadPlan plan) {
    RangeLayout.Rules rules =
        RangeLayout.Rules.builder().alignment(64).maxGap(64 << 10).grain(4096).build();
    long bytes = plan.gatheredBytes();
    for (FilePlan file : plan.files()) {
      bytes += RangeLayout.of(file.ranges(), rules).bytes();
    }
    return bytes;
  }

  private static void checkAll(Map<String, Came> came, RandomPlanTests.Plan wanted, int rank) {
    List<String> names = new ArrayList<>();
    int i = 0;
    for (CatalogEntry entry : wanted.catalog().entries()) {
      Part part = wanted.byRank().get(rank).get(i++);
      if (!part.isNone()) {
        String name = entry.info().name();
        names.add(name);
        assertThat(came.get(name).isAll).as("%s: %s", wanted, name).isTrue();
        assertThat(came.get(name).bytes)
            .as("%s: %s on rank %s", wanted, name, rank)
            .isEqualTo(wanted.oracle(entry, part, rank).bytes());
      }
    }
    assertThat(List.copyOf(came.keySet())).isEqualTo(names);
  }

  @Test
  void aTensorThatDoesNotFitNamesTheLeastWindowThatWouldDo() throws Exception {
    Map<String, Map.Entry<DType, Shape>> tensors =
        Map.of("large", Map.entry(DType.F32, Shape.of(1000, 5000)));
    CatalogFile file = CatalogTests.typedFile(0, 0, Path.of("m.safetensors"), tensors);
    Catalog catalog = Catalog.of(List.of(file), List.of());
    for (Part part : List.of(Part.whole(), Part.slice(1, 0, 4000))) {
      for (int receivers : new int[] {0, 2, 5}) {
        long low = 1;
        long high = 100;
        while (high - low > 1) {
          long middle = (low + high) / 2;
          boolean fits = fits(catalog, part, middle << 20, receivers);
          low = fits ? low : middle;
          high = fits ? middle : high;
        }
        String least = Long.toString(high << 20);
        long window = low << 20;
        assertThatIllegalArgumentException()
            .isThrownBy(() -> plan(catalog, part, window, receivers))
            .withMessageContaining("m.safetensors: tensor")
            .withMessageContaining("'large'")
            .withMessageContaining("want a window of")
            .withMessageContaining("(" + least + " bytes)");
      }
    }
  }

  private static boolean fits(Catalog catalog, Part part, long window, int receivers) {
    try {
      return !plan(catalog, part, window, receivers).steps().isEmpty();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static StreamPlan plan(Catalog catalog, Part part, long window, int receivers) {
    return StreamPlan.of(
        new StreamPlan.Wanted(
            catalog,
            List.of(List.of(part)),
            0,
            new WindowSizes(window, receivers),
            false,
            receivers == 0,
            _ -> 0));
  }
}
