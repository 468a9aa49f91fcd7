// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import io.fastsafetensors.Configuration;
import io.fastsafetensors.Configuration.Setting;
import java.util.ArrayList;
import java.util.List;

/** Writes {@code docs/configuration.md} from the definitions that the code uses. */
final class ConfigurationDocument {
  private static final String HEAD =
      """
      # Configuration

      Made by `ConfigurationTests` from the definitions in the code; to rewrite it after a change:
      `mvn verify -pl integration-tests -am -Dtest=ConfigurationTests -Dsurefire.failIfNoSpecifiedTests=false -Dgolden.accept=true`.

      ## Where a setting comes from

      The first of these that says something counts:

      1. the program: `LoadOptions`, `GroupConfig`, and the options of `fst`'s commands;
      2. a system property, `-Dio.fastsafetensors.NAME=VALUE`; programs may set it before they make a loader;
      3. an environment variable; a blank one counts as not set;
      4. a line `NAME=VALUE` of the configuration file;
      5. the default.

      The configuration file is the one that `-Dio.fastsafetensors.config=FILE` or `FST_CONFIG=FILE` names. It
      is in Java's properties format and UTF-8, and read once a process. `LoadOptions.builder()` starts from
      what 2 to 5 say, so that each call of the builder replaces that for its option; rules of `dtype` and
      filters are replaced as a whole. Options of single backends, and which backend reads, are completed when a load
      starts: `load.backend` and the settings that are a backend's id are one choice, and a program that makes any part
      of it makes all. `fst doctor` prints every setting, its value and who set it; `Configuration` tells programs.

      ## What is refused

      | what | who refuses |
      |---|---|
      | a system property `io.fastsafetensors.*`, or a name in the file, that nobody knows; a malformed value from anywhere | `Loader.Builder.build()`, and `LoadOptions.builder()` what is its own, with an `IllegalArgumentException` that names property, variable, or file and line, and the nearest known |
      | a property of a load (`LoadOptions.property`) that no plug-in declares, that a method sets, or that is of the process; a device or collective that is switched as if it were a backend | the load, likewise |
      | a system property, or a name in the file, of a plug-in that the loader does not have, and no slip of one that it has | loaders warn once: another loader of the process may have it |
      | an environment variable `FST_*` that nobody knows | loaders warn once, since it may be another program's; `fst` refuses it |
      | a setting of a plug-in of ours that is not installed | nobody: a warning, once; a backend that is `on` and not there fails the load |

      ## How values are written

      Switches are `true` or `1`, `false` or `0`. Sizes are bytes, or have a unit: `512MB` (10^6), `64MiB` (2^20). Durations
      are seconds, or have units: `250ms`, `90s`, `1h30m`. Lists have commas between their parts. Blanks around a
      value don't count.
      """;

  private ConfigurationDocument() {}

  static List<String> lines() {
    Configuration configuration = Configuration.inForce();
    List<String> lines = new ArrayList<>(HEAD.lines().toList());
    settings("Settings of loads", configuration, false, lines);
    settings("Settings of the process", configuration, true, lines);
    lines.addAll(List.of("", "## Other environment variables", ""));
    lines.addAll(List.of("| variable | what | who reads it |", "|---|---|---|"));
    configuration
        .variables()
        .forEach(v -> lines.add(row(code(v.name()), v.description(), v.reader())));
    lines.addAll(List.of("", "## Flight-recorder events", "", "See [events](events.md)."));
    return lines;
  }

  private static void settings(
      String title, Configuration configuration, boolean ofProcess, List<String> lines) {
    lines.addAll(List.of("", "## " + title, ""));
    lines.add("| name | values | default | what | environment variable | who reads it |");
    lines.add("|---|---|---|---|---|---|");
    configuration.settings().stream()
        .filter(setting -> setting.isOfProcess() == ofProcess)
        .filter(setting -> !setting.reader().endsWith(" sim"))
        .forEach(setting -> lines.add(row(setting)));
  }

  private static String row(Setting setting) {
    return row(
        code(setting.name()),
        setting.form(),
        setting.defaultText(),
        setting.description(),
        code(setting.environmentVariable()),
        setting.reader());
  }

  private static String row(String... cells) {
    return "| " + String.join(" | ", cells) + " |";
  }

  private static String code(String text) {
    return "`" + text + "`";
  }
}
