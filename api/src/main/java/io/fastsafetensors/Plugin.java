// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

/**
 * A device, a backend or a collective, as a program hands it to {@link Plugins#with}. Programs
 * don't implement this: a plug-in implements one of the interfaces of {@code
 * io.fastsafetensors.spi}.
 *
 * @since 0.1
 */
public interface Plugin {
  /**
   * Returns the name by which users ask for this plug-in.
   *
   * @return lower-case letters and digits, and single dashes between them, but no word of the
   *     library's own settings such as {@code load}; unique among the plug-ins of its kind (rule
   *     P-102)
   */
  String id();
}
