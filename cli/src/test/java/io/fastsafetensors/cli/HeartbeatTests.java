// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What logs are told of long loads. */
class HeartbeatTests {
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  private String next() throws InterruptedException {
    String line = lines.poll(60, TimeUnit.SECONDS);
    assertThat(line).as("a line in a minute").isNotNull();
    return line;
  }

  @Test
  void aLineTellsBytesSpeedAndTimeLeft() throws InterruptedException {
    try (Heartbeat heartbeat =
        Heartbeat.start("load", Duration.ofMillis(100), line -> lines.add(line))) {
      assertThat(next()).isEqualTo("fst: load: nothing read yet");
      heartbeat.progress(1L << 30, 4L << 30);
      String line = next();
      while (line.endsWith("nothing read yet")) {
        line = next();
      }
      assertThat(line)
          .matches("fst: load: 1\\.0 GiB of 4\\.0 GiB, \\d+\\.\\d\\d GB/s, about .* left");
      assertThat(next()).contains(", 0.00 GB/s, about ");
    }
  }

  @Test
  void aShortLoadHasNone() throws InterruptedException {
    Heartbeat.start("load", Duration.ofHours(1), line -> lines.add(line)).close();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals("fst-heartbeat")) {
        thread.join(60_000);
        assertThat(thread.isAlive()).isFalse();
      }
    }
    assertThat(lines).isEmpty();
  }
}
