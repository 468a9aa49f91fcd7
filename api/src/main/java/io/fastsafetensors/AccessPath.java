// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

/**
 * How host memory gets a file's bytes.
 *
 * @since 0.1
 */
public enum AccessPath {
  /** The backend's choice; parts of a file may be {@link #MAPPED} and others {@link #COPIED}. */
  AUTO,
  /**
   * The page cache itself, without a copy. The file must not change while tensors are in use: a
   * change of its bytes shows in them, and a file that gets shorter makes access to the lost pages
   * an {@link InternalError}.
   */
  MAPPED,
  /** Private memory: later changes of the file don't show. */
  COPIED
}
