// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A tensor's text has the values as torch prints them; see {@code expected.py}. */
class TensorTextTests {
  /** What torch printed of a tensor. */
  private record Case(DType dtype, Shape shape, MemorySegment elements, String text) {
    static Case parse(String lines) {
      String[] parts = lines.split("[ \n]", 2);
      int end = parts[1].indexOf(']');
      Shape shape = shape(parts[1].substring(1, end));
      int line = parts[1].indexOf('\n');
      DType dtype = DType.valueOf(parts[0]);
      byte[] bytes = bytes(parts[1].substring(end + 2, line), dtype, shape);
      return new Case(
          dtype, shape, MemorySegment.ofArray(bytes), parts[1].substring(line + 1).stripTrailing());
    }

    private static Shape shape(String dims) {
      return Shape.of(
          Arrays.stream(dims.split(", "))
              .filter(d -> !d.isEmpty())
              .mapToLong(Long::parseLong)
              .toArray());
    }

    private static byte[] bytes(String text, DType dtype, Shape shape) {
      return switch (text) {
        case "-" -> new byte[0];
        case "pattern" -> pattern(Math.toIntExact(dtype.byteSize(shape.elements())));
        default -> HexFormat.of().parseHex(text);
      };
    }
  }

  private static byte[] pattern(int size) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (i * 37 + i / 251);
    }
    return bytes;
  }

  private static String resource(String name) throws IOException {
    try (var in = TensorTextTests.class.getResourceAsStream("values/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void valuesAreThoseOfTorch() throws IOException {
    List<Case> cases =
        Arrays.stream(resource("texts-of-torch.txt").split("(?m)^# "))
            .filter(text -> !text.isEmpty())
            .map(Case::parse)
            .toList();
    assertThat(cases).hasSizeGreaterThan(300);
    for (Case each : cases) {
      Tensor tensor = Tensor.of("w", each.dtype(), each.shape(), each.elements());
      assertThat(tensor)
          .hasToString(
              "tensor(%s, name='w', dtype=%s, shape=%s, device=cpu)"
                  .formatted(each.text(), each.dtype(), each.shape()));
    }
  }

  private static String zeros(long... dims) {
    Shape shape = Shape.of(dims);
    byte[] elements = new byte[Math.toIntExact(shape.elements())];
    return Tensor.of("w", DType.U8, shape, MemorySegment.ofArray(elements)).toString();
  }

  @Test
  void whatIsShownIsBoundedForAnyShape() {
    String fiveDimensions = zeros(7, 7, 7, 7, 7);
    String values = fiveDimensions.substring(0, fiveDimensions.indexOf("name="));
    assertThat(values.chars().filter(c -> c == '0')).as("two at each edge").hasSize(1024);
    long[] twos = new long[11];
    Arrays.fill(twos, 2);
    assertThat(zeros(twos)).startsWith("tensor(..., name='w', dtype=U8, shape=[2, 2,");
    long[] ones = new long[5000];
    Arrays.fill(ones, 1);
    assertThat(zeros(ones)).startsWith("tensor(..., name='w', dtype=U8, shape=[1, 1,");
  }
}
