// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.util.Locale;

/**
 * The way that bytes took from a file to a device.
 *
 * @since 0.1
 */
public enum TransferPath {
  /** The page cache itself, mapped. */
  MAPPED,
  /** Read from the page cache, where the bytes were already. */
  CACHED,
  /** Read through the page cache; whether the bytes were there is not known, or they weren't. */
  BUFFERED,
  /** Read past the page cache. */
  DIRECT,
  /** From storage to the device, past host memory. */
  PEER_TO_PEER;

  /**
   * Tells whether bytes that take this way come from storage.
   *
   * @return true for {@link #BUFFERED}, {@link #DIRECT} and {@link #PEER_TO_PEER}, though what is
   *     read by way of the page cache may be there; false for {@link #MAPPED}, though it may not
   */
  public boolean isOfStorage() {
    return this != MAPPED && this != CACHED;
  }

  /** Returns the name for people: {@code peer to peer}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
