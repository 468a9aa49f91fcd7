// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.testkit.certify.CertifiedContracts.SubjectParameter;
import io.fastsafetensors.testkit.certify.Outcome.Status;
import io.fastsafetensors.testkit.certify.Stop.Limits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.store.Namespace;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs contracts with JUnit and keeps what became of each of their tests. */
public final class ContractRun implements TestExecutionListener {
  private final Map<String, Long> started = new ConcurrentHashMap<>();
  private final List<Outcome> outcomes = new ArrayList<>();
  private final Stop stop;
  private final TrialProgress progress;

  private ContractRun(Stop stop, TrialProgress progress) {
    this.stop = stop;
    this.progress = progress;
  }

  /** Runs a contract that makes its own plug-in. */
  public static List<Outcome> of(Class<?> contract) {
    try (LauncherSession session = LauncherFactory.openSession()) {
      LauncherDiscoveryRequest request =
          LauncherDiscoveryRequestBuilder.request()
              .selectors(DiscoverySelectors.selectClass(contract))
              .build();
      return new ContractRun(new Stop(Limits.NONE), TrialProgress.NONE).run(session, request);
    }
  }

  /** Runs those tests of the contracts that bind a plug-in whose rules are wanted. */
  static List<Outcome> of(
      Subject subject, Predicate<String> rules, Stop stop, TrialProgress progress) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(subject.contracts().stream().map(DiscoverySelectors::selectClass).toList())
            .filters(of(rules))
            .configurationParameter("junit.jupiter.execution.timeout.mode", "disabled")
            .build();
    try (LauncherSession session = LauncherFactory.openSession()) {
      session.getStore().put(Namespace.create(SubjectParameter.KEY), SubjectParameter.KEY, subject);
      session.getStore().put(Namespace.create(TestLimit.KEY), TestLimit.KEY, stop);
      return new ContractRun(stop, progress).run(session, request);
    }
  }

  private static PostDiscoveryFilter of(Predicate<String> rules) {
    return (TestDescriptor test) ->
        FilterResult.includedIf(
            RuleOrder.rule(test.getUniqueId().toString()).filter(rules).isPresent());
  }

  private List<Outcome> run(LauncherSession session, LauncherDiscoveryRequest request) {
    session.getLauncher().execute(request, this);
    return List.copyOf(outcomes);
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    started.put(test.getUniqueId(), System.nanoTime());
    RuleOrder.test(test.getUniqueId()).ifPresent(progress::started);
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
    String id = test.getUniqueId();
    String name = RuleOrder.test(id).orElse("");
    Optional<String> rule = RuleOrder.rule(id);
    if (rule.isEmpty()) {
      throw new IllegalStateException(test.getDisplayName() + " could not be run: " + reason);
    }
    boolean leftOut = status == Status.SKIPPED && reason.equals(stop.reason());
    String variant = id.contains("dynamic") ? " " + test.getDisplayName() : "";
    Outcome outcome =
        new Outcome(
            rule.get(), name + variant, leftOut ? Status.LEFT_OUT : status, reason, since(test));
    outcomes.add(outcome);
    progress.ended(outcome);
    if (status == Status.FAILED) {
      stop.failed(outcome.took());
    }
  }

  private Duration since(TestIdentifier test) {
    long now = System.nanoTime();
    return Duration.ofNanos(now - started.getOrDefault(test.getUniqueId(), now));
  }
}
