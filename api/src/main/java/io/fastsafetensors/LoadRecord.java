// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The course of one load or stream: what was done when, and how it ended; immutable. {@code fst
 * load --report} draws it, programs can as well.
 *
 * @since 0.1
 */
public final class LoadRecord {
  private final Instant begun;
  private final Duration elapsed;
  private final List<LoadEvent> events;
  private final @Nullable LoadReport report;
  private final @Nullable Throwable failure;

  LoadRecord(
      Instant begun,
      Duration elapsed,
      List<LoadEvent> events,
      @Nullable LoadReport report,
      @Nullable Throwable failure) {
    this.begun = begun;
    this.elapsed = elapsed;
    this.events = events.stream().sorted(Comparator.comparing(LoadEvent::start)).toList();
    this.report = report;
    this.failure = failure;
  }

  /** {@return when the load began, by the clock that ranks of one host share} */
  public Instant begun() {
    return begun;
  }

  /** {@return how long it took, headers included; until the last event if it hasn't ended} */
  public Duration elapsed() {
    return elapsed;
  }

  /**
   * Returns what was done.
   *
   * @return all events but {@link LoadEvent.Kind#BEGUN} and {@code ENDED}, by when they began;
   *     unmodifiable
   */
  public List<LoadEvent> events() {
    return events;
  }

  /** {@return the report of a load that has succeeded} */
  public Optional<LoadReport> report() {
    return Optional.ofNullable(report);
  }

  /** {@return what the load failed by; empty if it has succeeded or goes on} */
  public Optional<Throwable> failure() {
    return Optional.ofNullable(failure);
  }

  /**
   * Merges events that follow each other, so that there are few enough to draw: those of the same
   * kind, path, thread and file, and if that isn't enough, of several files and threads. All sums
   * of bytes, of time spent and of events stay.
   *
   * @param most how many events there may be
   * @return the record with so many events or fewer
   * @throws IllegalArgumentException if that is less than 100
   */
  public LoadRecord merged(int most) {
    if (most < 100) {
      throw new IllegalArgumentException(most + " events: want 100 or more");
    }
    return new LoadRecord(begun, elapsed, merge(events, most), report, failure);
  }

  /** What events have to have in common to be merged. */
  private record Group(
      LoadEvent.Kind kind, Optional<TransferPath> path, Optional<Path> file, String thread) {
    /** Returns the group of an event; the coarser, the larger are the groups. */
    static Group of(LoadEvent event, int coarseness) {
      return new Group(
          event.kind(),
          event.path(),
          coarseness < 1 ? event.file() : Optional.empty(),
          coarseness < 2 ? event.thread() : "");
    }
  }

  /** Merges events, in the order in which they began. */
  static List<LoadEvent> merge(List<LoadEvent> events, int most) {
    List<LoadEvent> merged = events;
    for (int coarseness = 0; merged.size() > most && coarseness < 3; coarseness++) {
      for (int run = 2; merged.size() > most && run < 2L * events.size(); run *= 2) {
        merged = merge(events, coarseness, run);
      }
    }
    return merged;
  }

  private static List<LoadEvent> merge(List<LoadEvent> events, int coarseness, int run) {
    Map<Group, List<LoadEvent>> open = new LinkedHashMap<>();
    List<LoadEvent> merged = new ArrayList<>();
    for (LoadEvent event : events) {
      List<LoadEvent> same =
          open.computeIfAbsent(Group.of(event, coarseness), _ -> new ArrayList<>());
      same.add(event);
      if (same.size() == run) {
        merged.add(join(same));
        same.clear();
      }
    }
    open.values().stream()
        .filter(same -> !same.isEmpty())
        .map(LoadRecord::join)
        .forEach(merged::add);
    merged.sort(Comparator.comparing(LoadEvent::start));
    return merged;
  }

  private static LoadEvent join(List<LoadEvent> events) {
    LoadEvent first = events.getFirst();
    Duration end = first.start();
    Duration busy = Duration.ZERO;
    long bytes = 0;
    int count = 0;
    for (LoadEvent event : events) {
      Duration itsEnd = event.start().plus(event.elapsed());
      end = itsEnd.compareTo(end) > 0 ? itsEnd : end;
      busy = busy.plus(event.busy());
      bytes += event.bytes();
      count += event.count();
    }
    LoadEvent.Builder joined =
        LoadEvent.builder(first.load(), first.kind())
            .range(events.stream().mapToLong(LoadEvent::offset).min().orElseThrow(), bytes)
            .time(first.start(), end.minus(first.start()))
            .merged(count, busy);
    first.path().ifPresent(joined::path);
    first
        .file()
        .filter(file -> events.stream().allMatch(event -> event.file().equals(Optional.of(file))))
        .ifPresent(joined::file);
    return events.stream().allMatch(event -> event.thread().equals(first.thread()))
        ? joined.thread(first.thread()).build()
        : joined.build();
  }
}
