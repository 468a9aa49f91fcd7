// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.text.Amounts;
import java.io.Serial;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.function.Executable;
import org.opentest4j.AssertionFailedError;

/**
 * One rank of a group in a test, on its own thread.
 *
 * @param group the rank's group
 * @param device the rank's memory and stream
 * @param context the context, to make it fail
 * @param others counted down by each rank that is done with what the absent rank waits for
 */
record RankBench(
    Transport group, DeviceBench device, TrackedContext context, CountDownLatch others) {
  /** What each rank does. */
  @FunctionalInterface
  interface Body {
    void run(RankBench rank, Rule rule) throws Exception;
  }

  /** A test of one size. */
  @FunctionalInterface
  private interface SizedTest {
    void run(int size) throws Exception;
  }

  /** A call that needs a rank that isn't there. */
  @FunctionalInterface
  interface Call {
    void make(RankBench rank) throws Exception;
  }

  /** Tries a rule with groups of all sizes from a smallest on. */
  static Stream<DynamicTest> forSizes(String rule, GroupRules subject, int smallest, Body body) {
    List<Integer> sizes = subject.sizes().stream().filter(size -> size >= smallest).toList();
    return tests(subject, sizes, size -> run(rule, subject, size, body));
  }

  /** Tries a rule with groups that wait only briefly, of the two smallest sizes above one. */
  static Stream<DynamicTest> withShortTimeout(String rule, GroupRules subject, Body body) {
    List<Integer> sizes = subject.sizes().stream().filter(size -> size > 1).limit(2).toList();
    return tests(subject, sizes, size -> runBriefly(rule, subject, size, body));
  }

  /** A transport may need longer to start than the group is to wait: then it gets more time. */
  private static void runBriefly(String rule, GroupRules subject, int size, Body body)
      throws Exception {
    Duration timeout = subject.environment().quiet().multipliedBy(2);
    try {
      run(rule, subject, size, timeout, body);
    } catch (AssertionFailedError e) {
      if (!LateJoin.isCauseOf(e)) {
        throw e;
      }
      run(rule, subject, size, timeout.multipliedBy(10), body);
    }
  }

  /** Makes tests of some sizes; one that is skipped, visibly, if there is no such size. */
  private static Stream<DynamicTest> tests(
      GroupRules subject, List<Integer> sizes, SizedTest test) {
    if (sizes.isEmpty()) {
      String reason = "needs a larger group than sizes() has: " + subject.sizes();
      return Stream.of(DynamicTest.dynamicTest("no size", () -> Assumptions.abort(reason)));
    }
    return sizes.stream()
        .map(size -> DynamicTest.dynamicTest("ranks: " + size, () -> test.run(size)));
  }

  static void run(String rule, GroupRules subject, int size, Body body) throws Exception {
    run(rule, subject, size, subject.environment().patience(), body);
  }

  private static void run(String rule, GroupRules subject, int size, Duration timeout, Body body)
      throws Exception {
    Rule tried = new Rule(rule);
    Crew crew = new Crew(timeout.plus(subject.environment().patience()));
    CountDownLatch others = new CountDownLatch(size - 1);
    try (GroupRules.World world = subject.newWorld(size, timeout)) {
      for (int rank = 0; rank < size; rank++) {
        int joining = rank;
        crew.add("rank " + rank, () -> run(tried, subject, world, joining, others, body));
      }
      crew.await(tried);
    }
  }

  private static void run(
      Rule rule,
      GroupRules subject,
      GroupRules.World world,
      int rank,
      CountDownLatch others,
      Body body)
      throws Exception {
    TrackedContext context = new TrackedContext(subject.runtime().open(subject.device(rank)));
    try (DeviceBench device = new DeviceBench(context, subject.environment().patience());
        Transport group = LateJoin.join(world, rank)) {
      new Rule("C-101")
          .same(rank, group.rank(), "rank() of the group that rank " + rank + " joined");
      body.run(new RankBench(group, device, context, others), rule);
    }
  }

  /** Returns the same rank in another group. */
  RankBench in(Transport other) {
    return new RankBench(other, device, context, others);
  }

  int rank() {
    return group.rank();
  }

  int size() {
    return group.size();
  }

  DeviceStream stream() {
    return device.stream;
  }

  boolean isLast() {
    return rank() == size() - 1;
  }

  /** Fails unless a call is refused as the caller's mistake. */
  void isMistake(Rule rule, String call, Executable body) {
    RuntimeException refusal = rule.refuses(RuntimeException.class, call, body);
    rule.check(
        refusal instanceof IllegalArgumentException || refusal instanceof IndexOutOfBoundsException,
        call + " threw " + refusal + ", want IllegalArgumentException");
  }

  /**
   * Has the last rank stay away while the others make a call that needs it; each must fail in time.
   */
  void lastStaysAway(Rule rule, String call, Duration patience, Executable body) throws Exception {
    if (isLast()) {
      others.await(patience.toNanos(), TimeUnit.NANOSECONDS);
      return;
    }
    try {
      fails(rule, call + " without rank " + (size() - 1), patience, body);
    } finally {
      others.countDown();
    }
  }

  /** Fails unless the group refuses every kind of call. */
  void refusesAll(Rule rule, String when) throws LoadException {
    Region region = Region.of(device.filled(10, 1));
    refuses(rule, "barrier() " + when, group::barrier);
    refuses(rule, "allGather() " + when, () -> group.allGather(new byte[1]));
    refuses(rule, "broadcast() " + when, () -> group.broadcast(region, 0, stream()));
    refuses(rule, "split() " + when, () -> group.split(0, 0));
  }

  private static void refuses(Rule rule, String call, Executable body) {
    Exception refusal = rule.refuses(Exception.class, call, body);
    rule.check(
        refusal instanceof IllegalStateException || refusal instanceof CollectiveException,
        call + " threw " + refusal + ", want IllegalStateException or CollectiveException");
  }

  /** Fails unless a call ends in time with an exception that names this rank. */
  void fails(Rule rule, String call, Duration patience, Executable body) throws Exception {
    long start = System.nanoTime();
    CollectiveException failure = rule.refuses(CollectiveException.class, call, body);
    long nanos = System.nanoTime() - start;
    rule.check(
        nanos < group.timeout().plus(patience).toNanos(),
        call
            + " took "
            + nanos / 1_000_000
            + " ms with a timeout of "
            + Amounts.duration(group.timeout()));
    rule.same(rank(), failure.rank(), "rank() of the exception of " + call);
    rule.check(!failure.operation().isBlank(), "the exception names no operation: " + failure);
  }

  /** A rank could not join its group, perhaps because the group's timeout is too short for that. */
  static final class LateJoin extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    private LateJoin(CollectiveException cause) {
      super(cause.getMessage(), cause);
    }

    static Transport join(GroupRules.World world, int rank) throws Exception {
      try {
        return world.join(rank);
      } catch (CollectiveException e) {
        throw new LateJoin(e);
      }
    }

    /** Tells whether a failure, or one that came with it, is of this kind. */
    static boolean isCauseOf(Throwable failure) {
      return Stream.concat(Stream.of(failure), Arrays.stream(failure.getSuppressed()))
          .anyMatch(each -> each.getCause() instanceof LateJoin);
    }
  }
}
