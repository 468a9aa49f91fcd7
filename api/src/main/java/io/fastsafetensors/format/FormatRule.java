// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

/**
 * The rules of the safetensors format that a file can break, named as the reference implementation
 * names its errors.
 *
 * @since 0.1
 */
public enum FormatRule {
  /** The file is shorter than the 8 bytes that hold the header's length. */
  HEADER_TOO_SMALL("HeaderTooSmall"),
  /** The header is longer than 100,000,000 bytes. */
  HEADER_TOO_LARGE("HeaderTooLarge"),
  /** The header reaches past the end of the file. */
  INVALID_HEADER_LENGTH("InvalidHeaderLength"),
  /** The header is not UTF-8. */
  INVALID_HEADER("InvalidHeader"),
  /** The header is not JSON of the right form. */
  INVALID_HEADER_DESERIALIZATION("InvalidHeaderDeserialization"),
  /** A tensor doesn't begin where the one before it ended: a hole, an overlap, a wrong order. */
  INVALID_OFFSET("InvalidOffset"),
  /** A shape's number of elements or bits overflows 64 bits. */
  VALIDATION_OVERFLOW("ValidationOverflow"),
  /** A tensor's bits are not whole bytes. */
  MISALIGNED_SLICE("MisalignedSlice"),
  /** A tensor's byte range and its dtype and shape disagree. */
  TENSOR_INVALID_INFO("TensorInvalidInfo"),
  /** The tensors don't end where the file ends. */
  METADATA_INCOMPLETE_BUFFER("MetadataIncompleteBuffer");

  private final String referenceName;

  FormatRule(String referenceName) {
    this.referenceName = referenceName;
  }

  /**
   * Returns the name that the reference implementation gives this error.
   *
   * @return the name, such as {@code InvalidOffset}
   */
  public String referenceName() {
    return referenceName;
  }
}
