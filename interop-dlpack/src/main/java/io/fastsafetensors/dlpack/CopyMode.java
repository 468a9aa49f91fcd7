// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

/**
 * Whether a tensor is copied for who takes it: what the argument {@code copy} of Python's {@code
 * __dlpack__} says.
 *
 * @since 0.1
 */
public enum CopyMode {
  /** If there is no other way ({@code None}). */
  AUTO,
  /** In any case: the consumer has the memory for itself ({@code True}). */
  ALWAYS,
  /** Never: where it takes a copy, there is an exception ({@code False}). */
  NEVER
}
