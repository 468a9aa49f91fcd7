// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.text.Utf8;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A tensor to write.
 *
 * @param name its name, with a UTF-8 form
 * @param dtype its type: its name is the tag in the file, its place among all types the order
 * @param dims its dimensions, as unsigned numbers
 * @param bytes its size, in bytes
 * @param extents where the bytes come from that this process writes, counted from its start
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SavedTensor(
    String name, Enum<?> dtype, long[] dims, long bytes, List<Extent> extents) {
  /** The order of the reference: the last type first, then by the bytes of names. */
  static final Comparator<SavedTensor> FILE_ORDER =
      Comparator.comparingInt(SavedTensor::typeOrder)
          .reversed()
          .thenComparing(SavedTensor::name, Utf8.ORDER);

  /** Makes one all of whose bytes a content gives. */
  public static SavedTensor whole(
      String name, Enum<?> dtype, long[] dims, long bytes, Content content) {
    return new SavedTensor(name, dtype, dims, bytes, List.of(new Extent("", 0, bytes, content)));
  }

  /** Returns how many bytes this process writes. */
  public long ownBytes() {
    return extents.stream().mapToLong(Extent::bytes).sum();
  }

  @SuppressWarnings("EnumOrdinal") // the order of the declaration is the format's
  private int typeOrder() {
    return dtype.ordinal();
  }

  /** Returns the shape as in a file: {@code [16, 8]}. */
  String shape() {
    return Arrays.stream(dims)
        .mapToObj(Long::toUnsignedString)
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
