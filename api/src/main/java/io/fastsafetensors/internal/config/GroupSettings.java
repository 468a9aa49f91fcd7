// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.config;

import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.spi.Provider.Option;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The settings of a group whose ranks a launcher started. */
public final class GroupSettings {
  private static final Option<Duration> TIMEOUT =
      Option.duration("group.timeout", GroupConfig.DEFAULT_TIMEOUT)
          .ofProcess()
          .describedAs("How long a call waits for the other ranks.");

  static final Option<String> TOKEN =
      Option.text("group.token")
          .ofProcess()
          .secret()
          .describedAs(
              "The secret that all ranks know. Without one, ranks of one host only are let in."
                  + " As a system property other users of the host can see it.");

  private static final Option<String> COLLECTIVE =
      Option.text("group.collective")
          .ofProcess()
          .environmentVariable("FST_COLLECTIVE")
          .defaultValue("", "the best available")
          .describedAs("The id of the collective that exchanges tensors.");

  static final List<Option<?>> ALL = List.of(TIMEOUT, TOKEN, COLLECTIVE);

  private GroupSettings() {}

  /** Returns what a program calls instead; empty if the option is no group's. */
  static Optional<String> method(Option<?> option) {
    return ALL.contains(option)
        ? Optional.of("GroupConfig.Builder." + option.name().substring("group.".length()))
        : Optional.empty();
  }

  /** Sets what is set from outside; the token's blanks don't count. */
  public static GroupConfig.Builder apply(GroupConfig.Builder builder, Sources sources) {
    String collective = sources.value(COLLECTIVE);
    return builder
        .timeout(sources.value(TIMEOUT))
        .token(sources.value(TOKEN).strip())
        .collective(collective.isBlank() ? null : collective.strip());
  }
}
