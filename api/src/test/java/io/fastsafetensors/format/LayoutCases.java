// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import static io.fastsafetensors.format.FormatRule.INVALID_HEADER_DESERIALIZATION;
import static io.fastsafetensors.format.FormatRule.INVALID_OFFSET;
import static io.fastsafetensors.format.FormatRule.METADATA_INCOMPLETE_BUFFER;
import static io.fastsafetensors.format.FormatRule.MISALIGNED_SLICE;
import static io.fastsafetensors.format.FormatRule.TENSOR_INVALID_INFO;
import static io.fastsafetensors.format.FormatRule.VALIDATION_OVERFLOW;
import static io.fastsafetensors.format.HeaderCase.accept;
import static io.fastsafetensors.format.HeaderCase.reject;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Decisions about byte ranges, shapes and sizes (format rules 4.1, 6 and 7, and 4.4). */
final class LayoutCases {
  private static final String MAX = "18446744073709551615";

  private LayoutCases() {}

  static Stream<HeaderCase> all() {
    return Stream.of(dtypes(), shapes(), ranges(), coverage(), precedence()).flatMap(List::stream);
  }

  private static List<HeaderCase> dtypes() {
    return Arrays.stream(DType.values())
        .flatMap(dtype -> {
          String eight = "%s [8] [0,%d]".formatted(dtype, dtype.bits());
          return Stream.of(
              accept("8 elements of " + dtype, header(eight), dtype.bits()),
              reject(
                  "9th of " + dtype, TENSOR_INVALID_INFO, header(eight.replace("[8]", "[16]")), 0));
        })
        .toList();
  }

  private static List<HeaderCase> shapes() {
    return List.of(
        accept("scalar", header("U32 [] [0,4]"), 4),
        accept("zero dimension", header("U32 [3,0] [0,0]"), 0),
        accept("zero times the largest", header("U8 [0,%s,%s] [0,0]".formatted(MAX, MAX)), 0),
        accept("100 dimensions", header("U8 [1" + ",1".repeat(99) + "] [0,1]"), 1),
        accept("F4 of 2 x 3", header("F4 [2,3] [0,3]"), 3),
        accept("F6 of 4", header("F6_E2M3 [4] [0,3]"), 3),
        accept("F4 of 0", header("F4 [0] [0,0]"), 0),
        accept("F4 with an odd last dimension", header("F4 [2,1] [0,1]"), 1),
        reject("F4 of 3", MISALIGNED_SLICE, header("F4 [3] [0,2]"), 2),
        reject("F4 scalar", MISALIGNED_SLICE, header("F4 [] [0,1]"), 1),
        reject("F6 of 2", MISALIGNED_SLICE, header("F6_E3M2 [2] [0,2]"), 2),
        reject("F6 of 3 x 2", MISALIGNED_SLICE, header("F6_E3M2 [3,2] [0,5]"), 5),
        reject(
            "elements overflow",
            VALIDATION_OVERFLOW,
            header("U8 [4294967296,4294967296] [0,4]"),
            4),
        reject(
            "overflow before a zero",
            VALIDATION_OVERFLOW,
            header("U8 [%s,%s,0] [0,0]".formatted(MAX, MAX)),
            0),
        reject("2^64 - 1 elements", VALIDATION_OVERFLOW, header("U8 [%s] [0,4]".formatted(MAX)), 4),
        reject("bits overflow", VALIDATION_OVERFLOW, header("U8 [2305843009213693952] [0,4]"), 4),
        reject("bits just fit", TENSOR_INVALID_INFO, header("U8 [2305843009213693951] [0,4]"), 4),
        reject("bits above 2^63", TENSOR_INVALID_INFO, header("U8 [1152921504606846976] [0,4]"), 4),
        reject(
            "F4 bits above 2^63", TENSOR_INVALID_INFO, header("F4 [2305843009213693952] [0,4]"), 4),
        reject(
            "F4 bits overflow", VALIDATION_OVERFLOW, header("F4 [4611686018427387904] [0,4]"), 4),
        reject(
            "F4 odd bits above 2^63",
            MISALIGNED_SLICE,
            header("F4 [2305843009213693953] [0,4]"),
            4),
        reject("too few bytes", TENSOR_INVALID_INFO, header("F32 [2] [0,4]"), 4),
        reject("too many bytes", TENSOR_INVALID_INFO, header("F32 [1] [0,5]"), 5),
        reject("bytes for no elements", TENSOR_INVALID_INFO, header("U8 [0] [0,1]"), 1),
        reject("no bytes for a scalar", TENSOR_INVALID_INFO, header("U8 [] [0,0]"), 0));
  }

  private static List<HeaderCase> ranges() {
    return List.of(
        accept("header not in order", header("U8 [4] [4,8]", "U8 [4] [0,4]"), 8),
        accept("odd alignment", header("U8 [1] [0,1]", "F32 [1] [1,5]"), 5),
        accept("empty tensor first", header("U8 [0] [0,0]", "U8 [4] [0,4]"), 4),
        accept("empty tensor listed last", header("U8 [4] [0,4]", "U8 [0] [0,0]"), 4),
        accept("empty tensor between", header("U8 [4] [0,4]", "U8 [0] [4,4]", "U8 [1] [4,5]"), 5),
        accept("empty tensor at the end", header("U8 [4] [0,4]", "U8 [0] [4,4]"), 4),
        accept("many empty tensors", header("U8 [0] [0,0]", "F4 [0] [0,0]", "I64 [2,0] [0,0]"), 0),
        reject(
            "empty tensor past the end", INVALID_OFFSET, header("U8 [4] [0,4]", "U8 [0] [5,5]"), 4),
        reject(
            "empty tensor inside another",
            INVALID_OFFSET,
            header("U8 [4] [0,4]", "U8 [0] [2,2]"),
            4),
        reject("first not at 0", INVALID_OFFSET, header("U8 [3] [1,4]"), 4),
        reject("hole", INVALID_OFFSET, header("U8 [2] [0,2]", "U8 [1] [3,4]"), 4),
        reject("overlap", INVALID_OFFSET, header("U8 [3] [0,3]", "U8 [2] [2,4]"), 4),
        reject("same range", INVALID_OFFSET, header("U8 [4] [0,4]", "U8 [4] [0,4]"), 4),
        reject("end before begin", INVALID_OFFSET, header("U8 [4] [4,0]"), 4),
        reject(
            "end before begin at the running end",
            INVALID_OFFSET,
            header("U8 [4] [0,4]", "U8 [1] [4,3]"),
            4),
        reject("begin 2^64 - 1", INVALID_OFFSET, header("U8 [0] [%s,%s]".formatted(MAX, MAX)), 0),
        reject("begin 2^63", INVALID_OFFSET, header("U8 [1] [9223372036854775808,0]"), 0),
        reject("end 2^64 - 1", TENSOR_INVALID_INFO, header("U8 [4] [0,%s]".formatted(MAX)), 4),
        reject(
            "end 2^64 - 1, no elements",
            TENSOR_INVALID_INFO,
            header("U8 [0] [0,%s]".formatted(MAX)),
            0));
  }

  private static List<HeaderCase> coverage() {
    return List.of(
        reject("no tensor, one byte", METADATA_INCOMPLETE_BUFFER, "{}", 1),
        reject("metadata alone, one byte", METADATA_INCOMPLETE_BUFFER, "{'__metadata__':{}}", 1),
        reject("one byte missing", METADATA_INCOMPLETE_BUFFER, header("U8 [4] [0,4]"), 3),
        reject("one byte more", METADATA_INCOMPLETE_BUFFER, header("U8 [4] [0,4]"), 5),
        reject("all bytes missing", METADATA_INCOMPLETE_BUFFER, header("U8 [4] [0,4]"), 0),
        reject(
            "2^61 - 1 bytes missing",
            METADATA_INCOMPLETE_BUFFER,
            header("U8 [2305843009213693951] [0,2305843009213693951]"),
            0));
  }

  private static List<HeaderCase> precedence() {
    return List.of(
        reject(
            "bad size before a later overlap",
            TENSOR_INVALID_INFO,
            header("U8 [2] [0,3]", "U8 [2] [2,4]"),
            4),
        reject(
            "overlap before a later bad size",
            INVALID_OFFSET,
            header("U8 [1] [1,2]", "U8 [9] [2,4]"),
            4),
        reject(
            "order of bytes, not of the header",
            MISALIGNED_SLICE,
            header("U8 [2] [2,3]", "F4 [3] [0,2]"),
            4),
        reject(
            "offset before overflow", INVALID_OFFSET, header("U8 [%s,2] [1,4]".formatted(MAX)), 4),
        reject("offset before misalignment", INVALID_OFFSET, header("F4 [3] [1,2]"), 4),
        reject(
            "overflow before misalignment",
            VALIDATION_OVERFLOW,
            header("F4 [%s,3] [0,1]".formatted(MAX)),
            4),
        reject("misalignment before size", MISALIGNED_SLICE, header("F4 [3] [0,4]"), 4),
        reject("size before coverage", TENSOR_INVALID_INFO, header("U8 [3] [0,4]"), 7),
        reject("offset before coverage", INVALID_OFFSET, header("U8 [3] [1,4]"), 7),
        reject(
            "JSON before offset", INVALID_HEADER_DESERIALIZATION, header("U8 [3] [1,4]") + ",", 4),
        reject(
            "a later dtype before offset",
            INVALID_HEADER_DESERIALIZATION,
            header("U8 [3] [1,4]", "X [1] [4,5]"),
            4));
  }

  /** Makes a header of tensors {@code t0}, {@code t1}..., each given as DTYPE SHAPE OFFSETS. */
  private static String header(String... tensors) {
    return IntStream.range(0, tensors.length)
        .mapToObj(i -> {
          String[] parts = tensors[i].split(" ", 3);
          return "'t%d':{'dtype':'%s','shape':%s,'data_offsets':%s}"
              .formatted(i, parts[0], parts[1], parts[2]);
        })
        .collect(Collectors.joining(",", "{", "}"));
  }
}
