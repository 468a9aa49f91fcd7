// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.config;

import io.fastsafetensors.spi.Provider.Option;
import java.util.List;

/** The library's own settings that concern all loads of a process. */
public final class CommonSettings {
  /** The configuration file. */
  static final Option<String> CONFIG =
      Option.text("config")
          .ofProcess()
          .describedAs(
              "The configuration file: lines NAME=VALUE, in Java's properties format and UTF-8."
                  + " It can't be named by a configuration file.");

  /** Whether what was never closed says where it was made. */
  public static final Option<Boolean> TRACK_LEAKS =
      Option.flag("trackLeaks")
          .ofProcess()
          .describedAs(
              "Whether the warning of a loader, buffer or tensor that was never closed has the"
                  + " stack trace of where it was made, which takes time for each. Read once.");

  static final List<Option<?>> ALL = List.of(CONFIG, TRACK_LEAKS);

  private CommonSettings() {}
}
