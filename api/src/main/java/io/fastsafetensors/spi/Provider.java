// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Plugin;

/**
 * What all plug-ins have in common.
 *
 * <p>A provider is stateless, thread-safe, cheap to construct through a public constructor without
 * arguments, and loads nothing native until it is probed (rule P-101).
 *
 * @since 0.1
 */
public interface Provider extends Plugin {
  /** The version of these interfaces; a provider built for another one is reported, not used. */
  int SPI_VERSION = 1;

  /** The form of an id, in words (rule P-102). */
  String ID_FORM = "lower-case letters, digits and single dashes between them";

  /**
   * Returns the name by which users ask for this plug-in.
   *
   * @return an {@linkplain #isId id}, unique among the plug-ins of its kind (rule P-102)
   */
  @Override
  String id();

  /**
   * Returns the version of the interfaces that this plug-in was written for.
   *
   * @return {@link #SPI_VERSION} as it was at compile time: return the constant
   */
  int spiVersion();

  /**
   * Returns how this plug-in is preferred to others that could do the same.
   *
   * @return higher is tried first; ties are broken by id; 0 is the portable default
   */
  int priority();

  /**
   * Tells whether a text may be an id (rule P-102).
   *
   * @param id the text
   * @return true if it is {@value #ID_FORM}
   */
  static boolean isId(String id) {
    return id.matches("[a-z0-9]+(-[a-z0-9]+)*");
  }
}
