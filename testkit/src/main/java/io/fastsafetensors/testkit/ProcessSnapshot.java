// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * The threads, descriptors and mapped files of this process at a moment, to see what was left
 * behind since. Descriptors and mappings are read from Linux' {@code /proc/self}.
 */
record ProcessSnapshot(
    Map<String, Long> threads, Map<String, Long> descriptors, Map<String, Long> mappings) {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final Path MAPPINGS = Path.of("/proc/self/maps");

  /** The JVM opens and maps these when it likes. */
  private static final List<String> NOISE = List.of(".jar", ".so", ".class", ".jsa", "/modules");

  /** The kernel's own, and what a GPU's driver opens and maps when it likes. */
  private static final List<String> DRIVERS = List.of("[", "/proc/", "/dev/nvidia", "/dev/zero");

  /** Skips the test, visibly, where the process can't look at itself. */
  static void assumePossible() {
    Assumptions.assumeTrue(
        Files.isReadable(MAPPINGS),
        "leaks are counted from /proc/self, which only Linux has; run this test there");
  }

  static ProcessSnapshot take() {
    try {
      return new ProcessSnapshot(count(threadNames()), count(openFiles()), count(mappedFiles()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the files that were opened or mapped since this snapshot and still are, right now. */
  List<String> leftOpen() {
    ProcessSnapshot now = take();
    List<String> left = new ArrayList<>();
    addMore(left, "open file", descriptors, now.descriptors);
    addMore(left, "mapping of", mappings, now.mappings);
    return left;
  }

  /** Waits until the threads that came since this snapshot have ended; returns those that stay. */
  List<String> leftRunning(Duration patience) {
    long start = System.nanoTime();
    List<String> left = moreThreads();
    while (!left.isEmpty() && System.nanoTime() - start < patience.toNanos()) {
      LockSupport.parkNanos(10_000_000);
      left = moreThreads();
    }
    return left;
  }

  private List<String> moreThreads() {
    List<String> left = new ArrayList<>();
    addMore(left, "thread", threads, count(threadNames()));
    return left;
  }

  private static void addMore(
      List<String> left, String kind, Map<String, Long> before, Map<String, Long> now) {
    now.forEach((name, count) -> {
      long more = count - before.getOrDefault(name, 0L);
      if (more > 0) {
        left.add(more + " x " + kind + " " + name);
      }
    });
  }

  private static Map<String, Long> count(Stream<String> names) {
    return names.collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
  }

  /** Numbers are taken out of names: a new thread for a dead one of the same kind is no leak. */
  private static Stream<String> threadNames() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(thread -> thread.getName().replaceAll("[0-9]+", "#"));
  }

  private static Stream<String> openFiles() throws IOException {
    List<String> targets = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(DESCRIPTORS)) {
      for (Path entry : entries) {
        targets.add(target(entry));
      }
    }
    return targets.stream().filter(ProcessSnapshot::isNoteworthy);
  }

  private static String target(Path entry) {
    try {
      return Files.readSymbolicLink(entry).toString();
    } catch (IOException e) {
      return ""; // closed since it was listed
    }
  }

  private static Stream<String> mappedFiles() throws IOException {
    return Files.readAllLines(MAPPINGS).stream()
        .map(line -> line.split(" +", 6))
        .filter(fields -> fields.length == 6)
        .map(fields -> fields[5])
        .filter(ProcessSnapshot::isNoteworthy);
  }

  private static boolean isNoteworthy(String target) {
    return !target.isEmpty()
        && DRIVERS.stream().noneMatch(target::startsWith)
        && NOISE.stream().noneMatch(target::endsWith);
  }

  /** Uses a plug-in several times and counts what it leaves behind in this process. */
  static final class LeakCheck {
    /** One use, after which everything is closed. */
    @FunctionalInterface
    interface Use<X extends Exception> {
      void run() throws X;
    }

    private LeakCheck() {}

    /**
     * Fails if something stays. Descriptors and mappings are looked at as soon as a use is over,
     * because the garbage collector closes forgotten ones some day; only threads get time to end.
     */
    static <X extends Exception> void check(
        Rule rule, String what, int times, Duration patience, Use<X> use) throws X {
      use.run(); // warms up classes and pools
      ProcessSnapshot.assumePossible();
      ProcessSnapshot before = ProcessSnapshot.take();
      for (int i = 1; i <= times; i++) {
        use.run();
        refuse(rule, i + " " + what, before.leftOpen());
      }
      refuse(rule, times + " " + what, before.leftRunning(patience));
    }

    private static void refuse(Rule rule, String what, List<String> left) {
      rule.check(left.isEmpty(), what + " left behind " + left);
    }
  }
}
