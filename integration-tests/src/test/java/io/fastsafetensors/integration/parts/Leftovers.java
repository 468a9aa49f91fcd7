// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.testkit.sim.SimDevice;
import io.fastsafetensors.testkit.sim.SimDevices;
import io.fastsafetensors.testkit.sim.SimUsage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What this process holds after loads. */
public final class Leftovers {
  /** What a JVM may take by itself meanwhile; less than the loads of the tests. */
  private static final long SPARED_BYTES = 20L << 20;

  private static final long STACK_BYTES = 1 << 20;

  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private Leftovers() {}

  /**
   * Waits until nothing is left, or for long enough; returns what is: open or mapped files of a
   * folder, what simulated devices hold, threads, memory.
   *
   * @param folder where the files are
   * @param ownBytes what {@link #ownBytes} was before
   */
  public static List<String> after(Path folder, long ownBytes) throws IOException {
    Deadline deadline = Deadline.after(PATIENCE);
    List<String> left = all(folder, ownBytes);
    while (!left.isEmpty() && !deadline.hasPassed()) {
      System.gc(); // staging memory of groups is the collector's
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      left = all(folder, ownBytes);
    }
    return left;
  }

  private static List<String> all(Path folder, long ownBytes) throws IOException {
    List<String> left = new ArrayList<>(of(folder));
    threads().map(thread -> "thread " + thread).forEach(left::add);
    long more = ownBytes() - ownBytes;
    if (more > SPARED_BYTES) {
      left.add(more + " bytes of memory");
    }
    return left;
  }

  /** Lists threads that are not the JVM's own, nor wait for a next load for a while. */
  private static Stream<String> threads() {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(thread -> !isIdle(thread.getValue()))
        .map(Map.Entry::getKey)
        .filter(thread -> thread != Thread.currentThread())
        .filter(thread -> {
          ThreadGroup group = thread.getThreadGroup();
          return group != null && group.equals(Thread.currentThread().getThreadGroup());
        })
        .map(Thread::getName);
  }

  private static boolean isIdle(StackTraceElement... frames) {
    return Arrays.stream(frames)
        .anyMatch(frame ->
            frame.getClassName().endsWith("LoadThreads$Worker")
                && frame.getMethodName().equals("await"));
  }

  /**
   * Returns how much memory of its own this process may write to but for stacks of threads, in
   * bytes; 0 where that is not known.
   */
  public static long ownBytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return 0;
    }
    List<String> lines = Files.readAllLines(status);
    return (number(lines, "VmData:") << 10) - number(lines, "Threads:") * STACK_BYTES;
  }

  private static long number(List<String> lines, String field) {
    return lines.stream()
        .filter(line -> line.startsWith(field))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }

  /** Returns what is open or mapped of a folder, and what simulated devices hold. */
  public static List<String> of(Path folder) throws IOException {
    Stream<String> held =
        devices()
            .map(SimDevice::usage)
            .filter(usage -> !usage.equals(SimUsage.NONE))
            .map(Object::toString);
    Stream<String> violations = devices().flatMap(device -> device.violations().stream());
    return Stream.of(held, violations, files(folder).stream()).flatMap(all -> all).toList();
  }

  private static Stream<SimDevice> devices() {
    SimDevices all = SimDevices.shared();
    return IntStream.range(0, all.count()).mapToObj(all::get);
  }

  private static List<String> files(Path folder) throws IOException {
    Path self = Path.of("/proc/self");
    if (!Files.exists(self)) {
      return List.of();
    }
    try (Stream<Path> descriptors = Files.list(self.resolve("fd"))) {
      return Stream.concat(
              descriptors.map(Leftovers::target), Files.readAllLines(self.resolve("maps")).stream())
          .filter(line -> line.contains(folder.toString()))
          .toList();
    }
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return ""; // closed since it was listed
    }
  }
}
