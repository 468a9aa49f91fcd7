// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.format.TensorInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What rules want of tensors, and what they ask for that none has. */
class SelectionTests {
  private static TensorInfo tensor(String name, long... dims) {
    Shape shape = Shape.of(dims);
    return new TensorInfo(name, DType.U8, shape, 0, shape.elements());
  }

  private static final TensorInfo SCALAR = tensor("scale");
  private static final TensorInfo VECTOR = tensor("norm", 8);
  private static final TensorInfo MATRIX = tensor("layers.3.w", 8, 8);
  private static final List<TensorInfo> ALL =
      List.of(SCALAR, VECTOR, MATRIX, tensor("layers.11.w", 8, 8));

  @Test
  void whatLacksTheDimensionStaysWholeOrGoesToTheNextRule() {
    for (Part part :
        List.of(Part.shard(1), Part.slice(1, 0, 2), Part.slice(0, 0, 1).and(1, 0, 2))) {
      Selection selection = Selection.of(part);
      assertThat(selection.part(MATRIX)).isEqualTo(part);
      assertThat(selection.part(VECTOR)).isEqualTo(Part.whole());
      assertThat(selection.part(SCALAR)).isEqualTo(Part.whole());
      assertThat(selection.missing(ALL)).isEmpty();
    }
    Selection rows = Selection.of(Part.rows(2));
    assertThat(rows.part(VECTOR)).isEqualTo(Part.rows(2));
    assertThat(rows.part(SCALAR)).isEqualTo(Part.whole());
    Selection chain =
        Selection.builder().part(Part.shard(1)).part(Part.shard(0)).otherwise(Part.none()).build();
    assertThat(chain.part(MATRIX)).isEqualTo(Part.shard(1));
    assertThat(chain.part(VECTOR)).isEqualTo(Part.shard(0));
    assertThat(chain.part(SCALAR)).isEqualTo(Part.none());
  }

  @Test
  void aDimensionThatNoTensorHas() {
    assertThat(Selection.of(Part.shard(2, 0, 4)).missing(ALL))
        .containsExactly("0 of 4 shards of dimension 2: no tensor has dimension 2: want 0 to 1");
    assertThat(Selection.of(Part.shard(0)).missing(List.of(SCALAR)))
        .containsExactly(
            "shard of dimension 0: no tensor has dimension 0: want tensors that are no scalars");
    assertThat(Selection.of(Part.slice(Integer.MAX_VALUE, 1, 2)).missing(ALL))
        .containsExactly("slice {2147483647=1:2}: no tensor has dimension 2147483647: want 0 to 1");
    assertThat(Selection.of(Part.shard(0)).missing(List.of())).isEmpty();
    assertThat(Selection.of(Part.none()).missing(List.of(SCALAR))).isEmpty();
    assertThat(Selection.all().missing(ALL)).isEmpty();
  }

  private static Selection numbered(Part.Range... wanted) {
    return Selection.builder().numbered("layers.#.w", List.of(wanted), Part.shard(0)).build();
  }

  @Test
  void numbersThatNoTensorHas() {
    Selection some = numbered(new Part.Range(2, 5), new Part.Range(11, 12));
    assertThat(some.missing(ALL)).isEmpty();
    assertThat(some.part(MATRIX)).isEqualTo(Part.shard(0));
    assertThat(numbered(new Part.Range(4, 12)).part(MATRIX)).isEqualTo(Part.none());
    assertThat(some.part(VECTOR)).isEqualTo(Part.whole());
    assertThat(numbered(new Part.Range(0, 3), new Part.Range(12, 14)).missing(ALL))
        .containsExactly(
            "'layers.#.w': no tensor has a number from 0 to 2: want a number from 3 to 11",
            "'layers.#.w': no tensor has a number from 12 to 13: want a number from 3 to 11");
    assertThat(numbered(new Part.Range(4, 5)).missing(List.of(MATRIX)))
        .containsExactly("'layers.#.w': no tensor has number 4: want number 3");
  }

  @Test
  void aPatternThatMatchesNothingIsToldOnce() {
    Selection typo = Selection.builder().numbered("layer.#.w", List.of(), Part.whole()).build();
    assertThat(typo.unmatched(ALL)).containsExactly("layer.#.w");
    assertThat(typo.missing(ALL)).isEmpty();
  }

  @Test
  void aPredicateMayWantNoNumber() {
    Selection none = Selection.builder().numbered("layers.#.w", number -> number > 99).build();
    assertThat(none.part(MATRIX)).isEqualTo(Part.none());
    assertThat(none.missing(ALL)).isEmpty();
  }

  @Test
  void aRangeWithoutANumber() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> numbered(new Part.Range(4, 4)))
        .withMessage("'layers.#.w': range 4:4 has no number");
  }
}
