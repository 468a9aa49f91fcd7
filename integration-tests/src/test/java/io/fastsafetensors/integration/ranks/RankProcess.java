// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.spi.Deadline;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** A rank that is a process: what it prints is kept, a line to it lets it go on. */
final class RankProcess implements AutoCloseable {
  private static final Pattern HEARTBEAT =
      Pattern.compile("(\\[\\d+] )?fst: \\w+: (nothing read yet|.* GB/s, .*\\bleft.*)");

  private static final int LIMIT_SECONDS = 100;

  private final String name;
  private final Process process;
  private final List<String> out = new ArrayList<>();
  private final List<String> err = new ArrayList<>();
  private final List<Thread> readers;

  RankProcess(String name, ProcessBuilder builder) throws IOException {
    this.name = name;
    process = builder.start();
    readers = List.of(keep(process.inputReader(), out), keep(process.errorReader(), err));
  }

  private Thread keep(BufferedReader reader, List<String> lines) {
    return Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try (reader) {
            reader.lines().forEach(line -> add(lines, line));
          } catch (IOException | UncheckedIOException e) {
            add(lines, "output lost: " + e);
          }
        });
  }

  private synchronized void add(List<String> lines, String line) {
    lines.add(line);
    notifyAll();
  }

  /** Waits for a line that begins so; returns the rest of it. */
  synchronized String await(String beginning) throws InterruptedException {
    Predicate<String> matches = line -> line.startsWith(beginning);
    Deadline deadline = Deadline.after(Duration.ofSeconds(LIMIT_SECONDS));
    while (out.stream().noneMatch(matches)) {
      assertThat(deadline.hasPassed() || hasEnded())
          .as("%s waits for '%s' and has %s, %s", name, beginning, out, err)
          .isFalse();
      wait(100);
    }
    String line = out.stream().filter(matches).findFirst().orElseThrow();
    return line.substring(beginning.length());
  }

  /** The process has ended and all that it printed is here. */
  private boolean hasEnded() {
    return readers.stream().noneMatch(Thread::isAlive);
  }

  /** Lets it go on after what it last waited for. */
  void go() throws IOException {
    Writer in = process.outputWriter();
    in.write("go\n");
    in.flush();
  }

  /** Kills it as {@code kill -9} does. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Waits for its end; returns the exit status. */
  int end() throws InterruptedException {
    assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS))
        .as("%s ends; it has printed %s, %s", name, out, err)
        .isTrue();
    for (Thread reader : readers) {
      reader.join();
    }
    return process.exitValue();
  }

  /** Waits until it ends well; returns what it printed. */
  List<String> endsWell() throws InterruptedException {
    int status = end();
    assertThat(status).as("%s printed %s, %s", name, out, err).isZero();
    return printed();
  }

  synchronized List<String> printed() {
    return List.copyOf(out);
  }

  /** Returns what it printed to stderr, but for heartbeats: a busy machine may come to one. */
  synchronized List<String> complaints() {
    return err.stream().filter(HEARTBEAT.asMatchPredicate().negate()).toList();
  }

  boolean isAlive() {
    return process.isAlive() || process.descendants().anyMatch(ProcessHandle::isAlive);
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
