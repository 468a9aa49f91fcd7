// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.testkit.blame.Blame;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/** Threads that do something at the same time; what goes wrong in one is not lost. */
final class Crew {
  /** What a thread does. */
  @FunctionalInterface
  interface Job {
    void run() throws Exception;
  }

  private static final String THREADS = "testkit: ";

  private record Member(Thread thread, FutureTask<Boolean> task) {}

  private final Duration patience;
  private final List<Member> members = new ArrayList<>();

  Crew(Duration patience) {
    this.patience = patience;
  }

  void add(String name, Job job) {
    FutureTask<Boolean> task =
        new FutureTask<>(() -> {
          job.run();
          return true;
        });
    members.add(new Member(Thread.ofPlatform().daemon().name(THREADS + name).start(task), task));
  }

  /**
   * Waits for all; fails with the first failure, the others added to it. A broken rule goes before
   * an exception, which may well be its consequence elsewhere. If one skips the test, it is
   * skipped.
   */
  void await(Rule rule) {
    long end = System.nanoTime() + patience.toNanos();
    List<AssertionFailedError> problems =
        members.stream()
            .map(member -> problem(rule, member, Math.max(1, end - System.nanoTime())))
            .flatMap(Optional::stream)
            .sorted(Comparator.comparing(problem -> problem.getCause() != null))
            .toList();
    if (!problems.isEmpty()) {
      AssertionFailedError first = problems.getFirst();
      problems.stream().skip(1).forEach(first::addSuppressed);
      throw first;
    }
  }

  private static Optional<AssertionFailedError> problem(Rule rule, Member member, long nanos) {
    String name = member.thread().getName().substring(THREADS.length());
    try {
      member.task().get(nanos, TimeUnit.NANOSECONDS);
      return Optional.empty();
    } catch (ExecutionException e) {
      return switch (Rule.cause(e)) {
        case AssertionFailedError failure -> Optional.of(failure);
        case TestAbortedException skipped -> throw skipped;
        case Throwable cause ->
            Optional.of(rule.broken(name + ": threw " + Blame.of(cause), cause));
      };
    } catch (TimeoutException e) {
      AssertionFailedError stuck =
          rule.broken(
              name + " did not end in time; it is at " + Blame.at(member.thread().getStackTrace()));
      stuck.setStackTrace(member.thread().getStackTrace());
      return Optional.of(stuck);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of(rule.broken(name + ": the test was interrupted"));
    }
  }
}
