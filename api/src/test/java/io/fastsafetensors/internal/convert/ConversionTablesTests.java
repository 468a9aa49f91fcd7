// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The tables in the documentation of {@link DType} say what conversions do. */
class ConversionTablesTests {
  private static final Pattern ROW = Pattern.compile("<tr>(.*?)</tr>");
  private static final Pattern CELL = Pattern.compile("<td>(.*?)</td>");
  private static final Pattern EXAMPLE = Pattern.compile("(\\S+) gives (\\S+?)(,|$)");
  private static final String ALL_OF_THESE = "all of these";

  record Example(DType from, DType to, String number, String result) {}

  private static List<List<String>> rows(int cells) {
    return ROW.matcher(documentation())
        .results()
        .map(row -> CELL.matcher(row.group(1)).results().map(cell -> cell.group(1)).toList())
        .filter(row -> row.size() == cells)
        .toList();
  }

  private static String documentation() {
    try {
      String source =
          Files.readString(Path.of("src/main/java/io/fastsafetensors/format/DType.java"));
      return source.substring(0, source.indexOf("public enum")).replaceAll("\\n \\*\\s*", " ");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Set<DType> types(String cell) {
    return Stream.of(cell.split(",\\s*"))
        .map(tag -> DType.ofTag(tag.strip()).orElseThrow(() -> new AssertionError(tag)))
        .collect(Collectors.toCollection(() -> EnumSet.noneOf(DType.class)));
  }

  /** Returns what the first table says that a type converts to. */
  private static Set<DType> documented(DType from) {
    List<List<String>> rows = rows(2);
    Set<DType> numbers = types(rows.getFirst().getFirst());
    List<String> row =
        rows.stream().filter(r -> types(r.getFirst()).contains(from)).findFirst().orElseThrow();
    Set<DType> targets =
        row.getLast().equals("none") ? EnumSet.noneOf(DType.class) : EnumSet.copyOf(numbers);
    assertThat(row.getLast()).isIn("each other", ALL_OF_THESE, "none");
    targets.add(from);
    return targets;
  }

  @ParameterizedTest
  @EnumSource
  void theTableOfPairsIsRight(DType from) {
    assertThat(documented(from))
        .isEqualTo(
            Stream.of(DType.values())
                .filter(to -> Conversions.canConvert(from, to))
                .collect(Collectors.toSet()));
  }

  static Stream<Example> examples() {
    return rows(3).stream().flatMap(ConversionTablesTests::examples);
  }

  private static Stream<Example> examples(List<String> row) {
    List<MatchResult> numbers = EXAMPLE.matcher(row.getLast()).results().toList();
    DType from = types(row.getFirst()).iterator().next();
    return types(row.get(1)).stream()
        .flatMap(to -> numbers.stream().map(n -> new Example(from, to, n.group(1), n.group(2))));
  }

  @ParameterizedTest
  @MethodSource("examples")
  void eachExampleIsRight(Example example) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocate(Long.BYTES);
      MemorySegment target = arena.allocate(Long.BYTES);
      Elements.put(source, 0, example.from, bits(example.number, example.from));
      Conversions.convert(
          source.asSlice(0, example.from.byteSize(1)),
          example.from,
          target.asSlice(0, example.to.byteSize(1)),
          example.to);
      Number result = SlowReference.decode(Elements.get(target, 0, example.to), example.to);
      assertThat(result).isEqualTo(number(example.result, result));
    }
  }

  /** The bits of a number; of BOOL those of any byte, of a scale those of the nearest. */
  private static long bits(String number, DType type) {
    return switch (type) {
      case F64 -> Double.doubleToLongBits(Double.parseDouble(number));
      case F32 -> Float.floatToIntBits(Float.parseFloat(number));
      case F8_E8M0 ->
          number.equals("NaN") ? 0xff : Math.getExponent(Double.parseDouble(number)) + 127;
      default -> new BigInteger(number).longValue();
    };
  }

  private static Number number(String text, Number like) {
    return like instanceof Double ? (Number) Double.valueOf(text) : new BigInteger(text);
  }

  @Test
  void eachTargetHasAnExampleFromFloatsAndOneFromIntegers() {
    Set<DType> targets = EnumSet.copyOf(documented(DType.F32));
    assertThat(targets).hasSizeGreaterThan(10);
    assertThat(targets(DType.F32, DType.F64)).containsAll(targets);
    assertThat(targets(DType.I64, DType.U64)).containsAll(targets);
  }

  private static Set<DType> targets(DType... from) {
    return examples()
        .filter(example -> Set.of(from).contains(example.from))
        .map(Example::to)
        .collect(Collectors.toSet());
  }
}
