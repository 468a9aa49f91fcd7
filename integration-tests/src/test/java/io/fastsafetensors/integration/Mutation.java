// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A small change of a right plug-in that breaks one rule.
 *
 * @param rule the rule
 * @param flaw what is wrong with it
 * @param path the option of the command that the jar is given with
 * @param id by which the changed plug-in is asked for
 * @param edits what is to be replaced in its sources and resources, in order
 */
record Mutation(String rule, String flaw, String path, String id, List<Edit> edits) {
  /** Text that is replaced wherever it is. */
  record Edit(String old, String text) {}

  /** What the samples are called. */
  static final String SPI = "example-spi";

  static final String TCP = "example-tcp";

  static Mutation spi(String rule, String flaw, String old, String text) {
    return new Mutation(rule, flaw, "--module-path", SPI, List.of(new Edit(old, text)));
  }

  static Mutation tcp(String rule, String flaw, String old, String text) {
    return new Mutation(rule, flaw, "--module-path", TCP, List.of(new Edit(old, text)));
  }

  Mutation and(String old, String text) {
    List<Edit> more = new ArrayList<>(edits);
    more.add(new Edit(old, text));
    return new Mutation(rule, flaw, path, id, List.copyOf(more));
  }

  Mutation onClassPath() {
    return new Mutation(rule, flaw, "--class-path", id, edits);
  }

  Mutation called(String otherId) {
    return new Mutation(rule, flaw, path, otherId, edits);
  }

  /** Changes the text of all files; each edit must find something. */
  Map<String, String> apply(Map<String, String> files) {
    Map<String, String> changed = files;
    for (Edit edit : edits) {
      Map<String, String> before = changed;
      changed = new TreeMap<>(before);
      changed.replaceAll((name, text) -> text.replace(edit.old(), edit.text()));
      assertThat(changed).as("%s finds '%s'", this, edit.old()).isNotEqualTo(before);
    }
    return changed;
  }

  @Override
  public String toString() {
    return rule + " " + flaw;
  }
}
