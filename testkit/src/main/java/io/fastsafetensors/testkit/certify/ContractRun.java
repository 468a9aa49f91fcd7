// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.testkit.certify.Outcome.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.store.Namespace;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs contracts with JUnit and keeps what became of each of their tests. */
public final class ContractRun implements TestExecutionListener {
  private static final Pattern TEST =
      Pattern.compile("((?:required|optional)_([a-z]+)([0-9]+)_\\w+)");

  private final Map<String, Long> started = new ConcurrentHashMap<>();
  private final List<Outcome> outcomes = new ArrayList<>();

  private ContractRun() {}

  /** Runs a contract that makes its own plug-in. */
  public static List<Outcome> of(Class<?> contract) {
    try (LauncherSession session = LauncherFactory.openSession()) {
      return run(session, List.of(contract));
    }
  }

  /** Runs the contracts that bind a plug-in. */
  static List<Outcome> of(Subject subject) {
    try (LauncherSession session = LauncherFactory.openSession()) {
      session.getStore().put(Namespace.create(SubjectParameter.KEY), SubjectParameter.KEY, subject);
      return run(session, subject.contracts());
    }
  }

  private static List<Outcome> run(LauncherSession session, List<Class<?>> contracts) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(contracts.stream().map(DiscoverySelectors::selectClass).toList())
            .build();
    ContractRun run = new ContractRun();
    session.getLauncher().execute(request, run);
    return List.copyOf(run.outcomes);
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    started.put(test.getUniqueId(), System.nanoTime());
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    add(test, Status.SKIPPED, reason);
  }

  /** A container counts only if it failed or was skipped itself: its tests speak for it else. */
  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (test.isTest() || result.getStatus() != TestExecutionResult.Status.SUCCESSFUL) {
      add(test, status(result), result.getThrowable().map(ContractRun::message).orElse(""));
    }
  }

  private static Status status(TestExecutionResult result) {
    return switch (result.getStatus()) {
      case SUCCESSFUL -> Status.PASSED;
      case ABORTED -> Status.SKIPPED;
      case FAILED -> Status.FAILED;
    };
  }

  private static String message(Throwable reason) {
    String message = reason.getMessage();
    return message == null ? reason.toString() : message.replaceFirst("^Assumption failed: ", "");
  }

  private synchronized void add(TestIdentifier test, Status status, String reason) {
    Matcher name = TEST.matcher(test.getUniqueId());
    if (!name.find()) {
      throw new IllegalStateException(test.getDisplayName() + " could not be run: " + reason);
    }
    String rule = name.group(2).toUpperCase(Locale.ROOT) + "-" + name.group(3);
    String variant = test.getUniqueId().contains("dynamic") ? " " + test.getDisplayName() : "";
    outcomes.add(new Outcome(rule, name.group(1) + variant, status, reason, since(test)));
  }

  private Duration since(TestIdentifier test) {
    long now = System.nanoTime();
    return Duration.ofNanos(now - started.getOrDefault(test.getUniqueId(), now));
  }
}
