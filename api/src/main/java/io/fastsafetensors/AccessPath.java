// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.LoadException;

/**
 * How host memory gets a file's bytes.
 *
 * @since 0.1
 */
public enum AccessPath {
  /** The backend's choice; parts of a file may be {@link #MAPPED} and others {@link #COPIED}. */
  AUTO,
  /**
   * The page cache itself, without a copy; to be written if {@link LoadOptions#writable} says so,
   * or else read-only. The file must not change while tensors are in use: a change of its bytes
   * shows in them. Where it gets shorter, or its storage fails, the pages are lost: our own copies
   * and conversions then throw a {@link LoadException} that names the file; code that touches the
   * memory itself gets an {@link InternalError} of the JDK, which names none, and native code a
   * signal that ends the process. Where storage hangs, so does who touches it.
   */
  MAPPED,
  /** Private memory: later changes of the file don't show. */
  COPIED
}
