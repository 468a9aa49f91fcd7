// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.text.Utf8;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Collectors;

/**
 * A tensor to write.
 *
 * @param name its name, with a UTF-8 form
 * @param dtype its type: its name is the tag in the file, its place among all types the order
 * @param dims its dimensions, as unsigned numbers
 * @param bytes its size, in bytes
 * @param content gives them
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SavedTensor(String name, Enum<?> dtype, long[] dims, long bytes, Content content) {
  /** The order of the reference: the last type first, then by the bytes of names. */
  static final Comparator<SavedTensor> FILE_ORDER =
      Comparator.comparingInt(SavedTensor::typeOrder)
          .reversed()
          .thenComparing(SavedTensor::name, Utf8.ORDER);

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
