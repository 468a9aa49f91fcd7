// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.MethodDescriptor;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.MethodOrdererContext;

/**
 * The order of the document, of rules and of the tests that are named after them; but tests of how
 * a backend or a group uses a device come last, since they make exchanges that other tests check.
 */
final class RuleOrder implements MethodOrderer, Comparator<String> {
  private static final List<String> GROUPS = List.of("P", "D", "IO", "C");
  private static final Pattern TEST =
      Pattern.compile("(?:required|optional)_([a-z]+)([0-9]+)_\\w+");

  /** Returns the rule that a test, or an identifier with its name in it, is about. */
  static Optional<String> rule(String test) {
    Matcher name = TEST.matcher(test);
    return name.find()
        ? Optional.of(name.group(1).toUpperCase(Locale.ROOT) + "-" + name.group(2))
        : Optional.empty();
  }

  /** Returns the name of a test that is in an identifier. */
  static Optional<String> test(String id) {
    Matcher name = TEST.matcher(id);
    return name.find() ? Optional.of(name.group()) : Optional.empty();
  }

  @Override
  public int compare(String rule, String other) {
    return Comparator.<String>comparingInt(each -> GROUPS.indexOf(each.replaceAll("-.*", "")))
        .thenComparing(Comparator.naturalOrder())
        .compare(rule, other);
  }

  @Override
  public void orderMethods(MethodOrdererContext context) {
    context
        .getMethodDescriptors()
        .sort(
            Comparator.comparing((MethodDescriptor method) -> ruleOf(method).startsWith("D-"))
                .thenComparing(method -> ruleOf(method), this)
                .thenComparing(method -> method.getMethod().getName()));
  }

  private static String ruleOf(MethodDescriptor method) {
    return rule(method.getMethod().getName()).orElse("");
  }
}
