// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

/**
 * What a plug-in can do beyond the required. What it claims it has to do (rule IO-122), and what it
 * does not claim it refuses when asked for it (rule IO-121); the testkit skips the rules of what is
 * absent.
 *
 * @since 0.1
 */
public enum Capability {
  /** Tensors can be the page cache itself: no copy. */
  MAPPED,
  /** Tensors can be in private memory. */
  COPIED,
  /** Reads can bypass the page cache. */
  DIRECT_IO,
  /** Storage and device exchange data without passing through host memory. */
  PEER_TO_PEER
}
