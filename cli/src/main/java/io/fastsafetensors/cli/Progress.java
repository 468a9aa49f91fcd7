// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.ProgressListener;
import java.io.Console;
import java.time.Duration;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A progress bar on stderr, if the command runs on a terminal; else a line every ten seconds. */
final class Progress implements ProgressListener, AutoCloseable {
  /** A width that is said keeps the bar from opening the terminal, which costs start-up time. */
  private static final int COLUMNS = 79;

  private static final Duration PERIOD = Duration.ofSeconds(10);

  private final String task;
  private final boolean shown;
  private final @Nullable Heartbeat heartbeat;
  private @Nullable ProgressBar bar;

  private Progress(String task, boolean shown) {
    this.task = task;
    this.shown = shown;
    this.heartbeat = shown ? null : Heartbeat.start(task, PERIOD, System.err::println);
  }

  @SuppressWarnings("SystemConsoleNull") // the JDK 25 has none again without a terminal
  static Progress onTerminal(String task) {
    Console console = System.console();
    return new Progress(task, console != null && console.isTerminal());
  }

  @Override
  public synchronized void onProgress(long doneBytes, long totalBytes) {
    if (heartbeat != null) {
      heartbeat.progress(doneBytes, totalBytes);
    }
    if (shown) {
      if (bar == null) {
        bar = open(totalBytes);
      }
      bar.stepTo(doneBytes);
    }
  }

  private ProgressBar open(long totalBytes) {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(totalBytes)
        .setUnit(" MiB", 1 << 20)
        .setStyle(ProgressBarStyle.ASCII)
        .setConsumer(new ConsoleProgressBarConsumer(System.err, COLUMNS))
        .showSpeed()
        .build();
  }

  @Override
  public synchronized void close() {
    if (heartbeat != null) {
      heartbeat.close();
    }
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
