// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.LoadEvent.Kind;
import io.fastsafetensors.LoadRecord;
import io.fastsafetensors.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What stands out about what else the time went to than reads. */
final class WaitingAdvice {
  private static final double LARGE = 0.3;
  private static final Duration SHORT = Duration.ofMillis(100);

  /** How long a JVM that has begun takes for the headers of one file, at worst. */
  private static final Duration START = Duration.ofSeconds(1);

  private final LoadRecord course;
  private final List<Advice> all = new ArrayList<>();

  private WaitingAdvice(LoadRecord course) {
    this.course = course;
  }

  static List<Advice> of(LoadRecord course) {
    WaitingAdvice advice = new WaitingAdvice(course);
    advice.look(
        Kind.HEADERS,
        advice.course.elapsed(),
        Reason.of("advice.headers", "{percent} % of the time went to headers"),
        "put tensors into fewer files; on network storage, copy the files first");
    advice.look(
        Kind.ROOM_AWAITED,
        advice.course.elapsed(),
        Reason.of(
            "advice.slow-consumer",
            "{percent} % of the time the stream waited for its consumer to close tensors"),
        "close tensors earlier, or enlarge the window: --window");
    advice.look(
        Kind.RANKS_AWAITED,
        advice.course.elapsed(),
        Reason.of("advice.slow-ranks", "{percent} % of the time this rank waited for others"),
        "see the slowest rank's lanes; spread the files more evenly, or use --distribution local");
    advice.look(
        Kind.MEMORY,
        advice.spent(Kind.READ).plus(advice.spent(Kind.MEMORY)),
        Reason.of(
            "advice.slow-memory",
            "{percent} % of the threads' time went to making new memory, whose pages the system clears"),
        "let --path auto map what is cached, stream through a window, or in a program load again with the same loader, which keeps memory (io.fastsafetensors.posix.keptBytes)");
    advice.look(
        Kind.STAGING,
        advice.readTime(),
        Reason.of(
            "advice.slow-copies",
            "reading threads waited for staging memory {percent} % as long as they read: copies to the device are the limit"),
        "see by fst doctor which way copies take, and whether pinned memory is allowed: ulimit -l");
    advice.look(
        Kind.CONVERSION,
        advice.course.elapsed(),
        Reason.of("advice.conversions", "{percent} % of the time went to conversions"),
        "store the tensors in the type that is wanted, or convert on the device");
    return advice.all;
  }

  private Duration readTime() {
    return spent(Kind.READ).plus(spent(Kind.STAGING));
  }

  private Duration spent(Kind kind) {
    return course.events().stream()
        .filter(event -> event.kind() == kind)
        .map(LoadEvent::busy)
        .reduce(Duration.ZERO, Duration::plus);
  }

  private void look(Kind kind, Duration of, Reason what, String remedy) {
    Duration spent = spent(kind);
    Duration least = kind == Kind.HEADERS ? START : SHORT;
    if (spent.compareTo(least) > 0 && spent.toNanos() > LARGE * of.toNanos()) {
      all.add(new Advice(what.with("percent", 100 * spent.toNanos() / of.toNanos()), remedy));
    }
  }
}
