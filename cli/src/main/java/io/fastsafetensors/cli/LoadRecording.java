// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.LoadListener;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadRecord;
import io.fastsafetensors.LoadRecorder;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a page tells of one run of a command: the course of its load, memory, and how it ended. */
final class LoadRecording implements AutoCloseable {
  private final @Nullable ReportPage page;
  private final List<String> command;
  private final Map<String, Long> limits;
  private final LoadRecorder recorder = new LoadRecorder();
  private final MemorySamples memory = new MemorySamples();
  private LoadOptions options = LoadOptions.defaults();

  private LoadRecording(@Nullable ReportPage page, List<String> command, Map<String, Long> limits) {
    this.limits = limits;
    this.page = page;
    this.command = command;
  }

  /** Makes one that records nothing. */
  static LoadRecording none() {
    return new LoadRecording(null, List.of(), Map.of());
  }

  /** Begins to record for a page, which is cleared before the ranks meet. */
  static LoadRecording begin(ReportPage page, List<String> command, Map<String, Long> limits) {
    page.clear();
    LoadRecording recording = new LoadRecording(page, command, limits);
    recording.memory.start();
    return recording;
  }

  /** Returns who hears what the load does; empty if nothing is recorded. */
  Optional<LoadListener> listener() {
    return page == null ? Optional.empty() : Optional.of(recorder);
  }

  /** Says how the load was asked to go. */
  void options(LoadOptions asked) {
    options = asked;
  }

  /** Writes the page of a load that has succeeded. */
  void succeeded(LoadOutcome outcome) throws IOException {
    write(Optional.of(outcome), Optional.empty());
  }

  /** Writes the page of a load that has failed; what keeps it from that is added to the failure. */
  void failed(Throwable failure) {
    try {
      write(Optional.empty(), Optional.of(Failures.message(failure)));
    } catch (IOException | RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  private void write(Optional<LoadOutcome> outcome, Optional<String> failure) throws IOException {
    if (page == null) {
      return;
    }
    memory.close();
    Optional<GroupConfig> group = group();
    int ranks = group.map(GroupConfig::size).orElse(1);
    LoadRecord course = recorder.record();
    RecordJson record =
        new RecordJson(
            group.map(GroupConfig::rank).orElse(0),
            ranks,
            command,
            limits,
            course.merged(RecordJson.mostEvents(ranks)),
            memory.taken(),
            outcome,
            failure,
            Advice.of(course, outcome.map(LoadOutcome::report), options));
    page.add(record);
  }

  private static Optional<GroupConfig> group() {
    try {
      return GroupConfig.fromEnvironment();
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // which is what the load failed by
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
