// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli.launch;

import io.fastsafetensors.cli.launch.LocalRanks.RankOutput;
import io.fastsafetensors.spi.Deadline;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One running rank.
 *
 * @param rank its number in the group
 * @param process its process
 * @param readers the threads that pass its output on
 */
record RankProcess(int rank, Process process, List<Thread> readers) {
  static RankProcess start(ProcessBuilder builder, int rank, RankOutput out, RankOutput err)
      throws IOException {
    Process process = builder.start();
    process.getOutputStream().close(); // ranks read nothing
    return new RankProcess(
        rank,
        process,
        List.of(
            reader(process.getInputStream(), rank, out),
            reader(process.getErrorStream(), rank, err)));
  }

  private static Thread reader(InputStream stream, int rank, RankOutput output) {
    return Thread.ofPlatform()
        .daemon()
        .name("rank-" + rank + "-output")
        .start(() -> passOn(stream, rank, output));
  }

  private static void passOn(InputStream stream, int rank, RankOutput output) {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      lines.lines().forEach(line -> output.line(rank, line));
    } catch (IOException | UncheckedIOException e) {
      output.line(rank, "output lost: " + e.getMessage());
    }
  }

  /** Asks the process to end. Not by Process.destroy, which would cut off its last words. */
  void stop() {
    process.toHandle().destroy();
  }

  /** Ends the process and what it started, whether it wants or not. */
  void kill() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.toHandle().destroyForcibly();
  }

  /** Waits for the end of the process; tells whether it came in time. */
  boolean awaitEnd(Deadline deadline) throws InterruptedException {
    return process.waitFor(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
  }

  /** Waits until all output is passed on; what the process started may hold it open for longer. */
  void awaitOutput(Deadline deadline) throws InterruptedException {
    for (Thread reader : readers) {
      reader.join(Duration.ofNanos(deadline.remainingNanos()));
    }
  }
}
