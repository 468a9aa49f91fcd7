// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import org.junit.platform.testkit.engine.Events;

/**
 * What a contract says of a plug-in.
 *
 * @param succeeded how many tests passed
 * @param broken the rules whose tests failed
 * @param messages what they failed with
 */
record Verdict(long succeeded, Set<String> broken, List<String> messages) {
  private static final Pattern TEST = Pattern.compile("required_([a-z]+)([0-9]+)_");

  /** Runs all tests of a contract. */
  static Verdict of(Class<?> contract) {
    Events tests =
        EngineTestKit.engine("junit-jupiter")
            .selectors(DiscoverySelectors.selectClass(contract))
            .execute()
            .testEvents();
    Set<String> broken = new TreeSet<>();
    tests.failed().stream().map(Verdict::rule).forEach(broken::add);
    return new Verdict(
        tests.succeeded().count(), broken, tests.failed().stream().map(Verdict::message).toList());
  }

  private static String rule(Event failed) {
    Matcher matcher = TEST.matcher(failed.getTestDescriptor().getUniqueId().toString());
    if (!matcher.find()) {
      throw new AssertionError("no rule in the name of " + failed.getTestDescriptor());
    }
    return matcher.group(1).toUpperCase(Locale.ROOT) + "-" + matcher.group(2);
  }

  private static String message(Event failed) {
    return failed
        .getRequiredPayload(TestExecutionResult.class)
        .getThrowable()
        .map(Throwable::getMessage)
        .orElse("");
  }
}
