// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.testkit.CollectiveContract;
import io.fastsafetensors.testkit.CollectiveProviderContract;
import io.fastsafetensors.testkit.DeviceRuntimeContract;
import io.fastsafetensors.testkit.IoBackendContract;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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

  /** All contracts, of any plug-in. */
  private static final List<Class<?>> CONTRACTS =
      List.of(
          DeviceRuntimeContract.class,
          IoBackendContract.class,
          CollectiveProviderContract.class,
          CollectiveContract.class);

  private static final int NEAREST = 3;

  /**
   * Checks that there is a rule.
   *
   * @param asked its number, or how the numbers of several begin
   * @throws IllegalArgumentException if no test is for it; it names the nearest
   */
  static void check(String asked) {
    Set<String> rules = tested();
    if (rules.stream().noneMatch(rule -> rule.startsWith(asked))) {
      throw new IllegalArgumentException(
          "--rule %s: there is no test for it; the nearest: %s"
              .formatted(
                  asked,
                  rules.stream()
                      .filter(rule -> group(rule).equals(group(asked)))
                      .sorted(
                          Comparator.comparingInt(rule -> Math.abs(number(rule) - number(asked))))
                      .limit(NEAREST)
                      .collect(Collectors.joining(", "))));
    }
  }

  private static Set<String> tested() {
    return CONTRACTS.stream()
        .flatMap(contract -> Arrays.stream(contract.getMethods()))
        .flatMap(method -> rule(method.getName()).stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String group(String rule) {
    return rule.replaceAll("-.*", "");
  }

  /** The beginning of a number stands for the first that begins so. */
  private static int number(String rule) {
    return Integer.parseInt((rule.substring(rule.indexOf('-') + 1) + "00").substring(0, 3));
  }

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
    return Comparator.<String>comparingInt(each -> GROUPS.indexOf(group(each)))
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
