// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.Slice.PartRows;
import io.fastsafetensors.internal.plan.Slice.Rows;
import io.fastsafetensors.oracle.PartOracle;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Random parts of random tensors are what an oracle cuts element by element. */
class RandomSliceTests {
  private static final int CASES = 10_000;

  /** One tensor and part; the text has all that makes it. */
  private record Case(long seed, DType dtype, Shape shape, Part part, int ranks, int rank) {
    static Case of(long seed) {
      Random random = new Random(seed);
      RandomParts chance = new RandomParts(random);
      DType dtype = chance.dtype();
      Shape shape = chance.shape(dtype);
      int ranks = 1 + random.nextInt(9);
      return new Case(seed, dtype, shape, chance.part(shape), ranks, random.nextInt(ranks));
    }

    Slice slice() {
      return new Parts("w", dtype, shape).slice(part, ranks, rank);
    }

    PartOracle oracle() {
      return new PartOracle(dtype, shape, part, ranks, rank);
    }

    byte[] tensor() {
      byte[] tensor = new byte[(int) dtype.byteSize(shape.elements())];
      new Random(seed).nextBytes(tensor);
      return tensor;
    }
  }

  /** Copies pieces into a part, and sees to it that each byte of it is written once. */
  private static final class Gathered {
    private final byte[] tensor;
    private final byte[] part;
    private final BitSet written = new BitSet();

    Gathered(byte[] tensor, long bytes) {
      this.tensor = tensor;
      this.part = new byte[(int) bytes];
    }

    void add(Case of, List<PartRows> pieces, long begin, long end) {
      for (PartRows partRows : pieces) {
        Rows rows = partRows.rows();
        assertThat(rows.bytes()).as("%s: %s", of, partRows).isPositive();
        assertThat(rows.offset()).as("%s: %s", of, partRows).isGreaterThanOrEqualTo(begin);
        assertThat(rows.end()).as("%s: %s", of, partRows).isLessThanOrEqualTo(end);
        for (int row = 0; row < rows.rows(); row++) {
          int from = (int) (rows.offset() + row * rows.pitch());
          int to = (int) (partRows.to() + row * rows.rowBytes());
          int until = (int) (to + rows.rowBytes());
          assertThat(written.get(to, until).isEmpty()).as("%s: %s, again", of, partRows).isTrue();
          written.set(to, until);
          System.arraycopy(tensor, from, part, to, until - to);
        }
      }
    }
  }

  @Test
  void partsAreThoseOfTheOracleOrRefused() {
    int refused = 0;
    for (long seed = 0; seed < CASES; seed++) {
      Case of = Case.of(seed);
      if (of.oracle().isWholeBytes()) {
        check(of);
      } else {
        refused++;
        assertThatExceptionOfType(IllegalArgumentException.class)
            .as("%s", of)
            .isThrownBy(of::slice)
            .withMessageContainingAll(
                "tensor 'w' " + of.dtype + " " + of.shape, "don't start and end on whole bytes");
      }
    }
    assertThat(refused).as("parts that cut a byte").isBetween(CASES / 100, CASES / 10);
  }

  private static void check(Case of) {
    Slice slice = of.slice();
    byte[] tensor = of.tensor();
    byte[] wanted = of.oracle().cut(tensor);
    assertThat(slice.shape()).as("%s", of).isEqualTo(of.oracle().shape());
    assertThat(slice.bytes()).as("%s", of).isEqualTo(wanted.length);
    BitSet bytes = of.oracle().bytes();
    assertThat(slice.begin()).as("%s", of).isEqualTo(Math.max(0, bytes.nextSetBit(0)));
    assertThat(slice.end()).as("%s", of).isEqualTo(bytes.length());
    assertThat(slice.isContiguous())
        .as("%s in one run", of)
        .isEqualTo(bytes.cardinality() == bytes.length() - Math.max(0, bytes.nextSetBit(0)));
    Gathered all = new Gathered(tensor, wanted.length);
    all.add(of, slice.partRows(), 0, tensor.length);
    assertThat(all.part).as("%s", of).isEqualTo(wanted);
    Gathered split = new Gathered(tensor, wanted.length);
    List<Integer> cuts = cuts(of, tensor.length);
    for (int i = 1; i < cuts.size(); i++) {
      split.add(of, slice.within(cuts.get(i - 1), cuts.get(i)), cuts.get(i - 1), cuts.get(i));
    }
    assertThat(split.part).as("%s, split at %s", of, cuts).isEqualTo(wanted);
    assertThat(slice.within(tensor.length, tensor.length + 9)).as("%s", of).isEmpty();
  }

  /** Splits a tensor's bytes at random places. */
  private static List<Integer> cuts(Case of, int bytes) {
    TreeSet<Integer> cuts = new TreeSet<>(List.of(0, bytes));
    Random random = new Random(of.seed);
    for (int left = random.nextInt(12); left > 0; left--) {
      cuts.add(random.nextInt(bytes + 1));
    }
    return new ArrayList<>(cuts);
  }
}
