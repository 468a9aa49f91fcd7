// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

/**
 * Which rank reads which bytes, of a load that has a {@link Selection}. The tensors are the same
 * bits in each.
 *
 * @since 0.1
 */
public enum Distribution {
  /**
   * Chooses by what the ranks see: {@link #OWNER} where a rank lacks a file or has another one;
   * {@link #LOCAL} where no byte is wanted by two ranks, or the page cache has the files; else
   * {@link #SHARED}. {@link LoadReport#distribution} says which and why.
   */
  AUTO,
  /**
   * The rank that a file was added for reads it, and sends every rank its parts. The files need to
   * exist only there.
   */
  OWNER,
  /** Every rank reads its own parts. All ranks need all files. */
  LOCAL,
  /**
   * Every byte that is wanted is read from storage once, by one of the ranks, which give each other
   * what they need: through the page cache where they share a host, else by the group. All ranks
   * need all files.
   */
  SHARED
}
