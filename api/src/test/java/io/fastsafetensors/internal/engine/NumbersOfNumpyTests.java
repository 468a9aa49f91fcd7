// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors of a file have numpy's numbers, as a whole and one by one; see {@code expected.py}. */
class NumbersOfNumpyTests {
  @TempDir private Path folder;

  /**
   * What numpy has of some elements.
   *
   * @param hex their bytes
   * @param floats as float32
   * @param doubles as float64
   * @param whole as integers; empty if they are none
   */
  private record Numbers(
      DType dtype, String hex, List<Double> floats, List<Double> doubles, List<String> whole) {
    static Numbers parse(List<String> lines) {
      return new Numbers(
          DType.valueOf(lines.get(0)),
          lines.get(1),
          words(lines.get(2)).map(Numbers::number).toList(),
          words(lines.get(3)).map(Numbers::number).toList(),
          words(lines.get(4)).toList());
    }

    private static Stream<String> words(String line) {
      return Arrays.stream(line.split(" ")).filter(word -> !word.isEmpty());
    }

    private static double number(String python) {
      return switch (python) {
        case "nan" -> Double.NaN;
        case "inf" -> Double.POSITIVE_INFINITY;
        case "-inf" -> Double.NEGATIVE_INFINITY;
        default -> Double.parseDouble(python);
      };
    }
  }

  private static List<Numbers> numbers() throws IOException {
    List<Numbers> all = new ArrayList<>();
    try (var in = Tensor.class.getResourceAsStream("values/numbers-of-numpy.txt")) {
      List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      for (int i = 0; i + 5 <= lines.size(); i += 5) {
        all.add(Numbers.parse(lines.subList(i, i + 5)));
      }
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void areTheSame(boolean hostVisible) throws IOException {
    List<Numbers> all = numbers();
    assertThat(all).hasSize(18);
    Samples file = new Samples(folder.resolve("f"));
    for (Numbers numbers : all) {
      byte[] bytes = HexFormat.of().parseHex(numbers.hex());
      file.with(numbers.dtype().name(), numbers.dtype(), Shape.of(numbers.floats().size()), bytes);
    }
    Bench bench = new Bench();
    bench.runtime.hostVisible = hostVisible;
    try (Loader loader = bench.loader().addFiles(0, List.of(file.write().path));
        FileBuffer buffer = loader.load()) {
      for (Numbers numbers : all) {
        check(numbers, buffer.tensor(numbers.dtype().name()));
      }
    }
    bench.ledger.assertAllClosedOnce();
  }

  private static void check(Numbers numbers, Tensor tensor) throws IOException {
    float[] floats = tensor.toFloatArray();
    double[] doubles = tensor.toDoubleArray();
    assertThat(floats).hasSize(numbers.floats().size());
    assertThat(doubles).hasSize(numbers.doubles().size());
    for (int i = 0; i < floats.length; i++) {
      String element = tensor.name() + " " + i;
      Float expected = numbers.floats().get(i).floatValue();
      assertThat(floats[i]).as(element).isEqualTo(expected);
      assertThat(doubles[i]).as(element).isEqualTo(numbers.doubles().get(i));
      assertThat(tensor.getFloat(i)).as(element).isEqualTo(expected);
      assertThat(tensor.getDouble(i)).as(element).isEqualTo(numbers.doubles().get(i));
      if (!numbers.whole().isEmpty()) {
        checkWhole(tensor, i, numbers.whole().get(i));
      }
    }
  }

  private static void checkWhole(Tensor tensor, int i, String number) throws IOException {
    try {
      assertThat(tensor.getLong(i)).hasToString(number);
    } catch (ArithmeticException e) {
      assertThat(Long.parseUnsignedLong(number)).isNegative();
    }
    try {
      assertThat(tensor.getInt(i)).hasToString(number);
    } catch (ArithmeticException e) {
      assertThat(number).isNotEqualTo("" + (int) Long.parseUnsignedLong(number.replace("-", "")));
    }
  }

  @Test
  void integersAsArraysAreTheSame() throws IOException {
    for (Numbers numbers : numbers()) {
      if (!numbers.whole().isEmpty() && numbers.dtype() != DType.U64) {
        byte[] bytes = HexFormat.of().parseHex(numbers.hex());
        Tensor tensor =
            Tensor.of(
                "w",
                numbers.dtype(),
                Shape.of(numbers.whole().size()),
                MemorySegment.ofArray(bytes));
        assertThat(tensor.toLongArray())
            .as(tensor.dtype().name())
            .containsExactly(numbers.whole().stream().mapToLong(Long::parseLong).toArray());
        if (numbers.dtype().bits() < Integer.SIZE || numbers.dtype() == DType.I32) {
          assertThat(tensor.toIntArray())
              .as(tensor.dtype().name())
              .containsExactly(numbers.whole().stream().mapToInt(Integer::parseInt).toArray());
        }
      }
    }
  }
}
