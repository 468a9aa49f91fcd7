// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.convert;

/** What a type's elements are while they are between the source and the target; each is exact. */
enum Form {
  /** In {@link ConversionBlock#floats}: floating-point types up to 32 bits. */
  FLOATS,
  /** In {@link ConversionBlock#doubles}: 64-bit floating point. */
  DOUBLES,
  /** In {@link ConversionBlock#longs}: integers. */
  LONGS,
  /** In {@link ConversionBlock#longs}, to be read as unsigned: 64-bit unsigned integers. */
  UNSIGNED
}
