// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.plugin;

import io.fastsafetensors.internal.config.Sources;
import io.fastsafetensors.spi.Provider.Option;

/**
 * What is set for the whole process: how a plug-in reads its options {@linkplain
 * Option.Builder#ofProcess of the process}. Thread-safe.
 *
 * @since 0.1
 */
public final class Settings {
  private Settings() {}

  /**
   * Returns what is in force. The configuration file is read once a process; to ask again costs
   * some microseconds.
   *
   * @param <T> the type of the values
   * @param option the option
   * @return what the system property, else the environment variable, else the configuration file
   *     says, or the default
   * @throws IllegalArgumentException if that is malformed; it says where it was set
   */
  public static <T> T value(Option<T> option) {
    return Sources.current().value(option);
  }
}
