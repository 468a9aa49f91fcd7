// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Records the last load of the loaders that it listens to. Thread-safe.
 *
 * {@snippet :
 * LoadRecorder recorder = new LoadRecorder();
 * try (Loader loader = Loader.builder().listener(recorder).open(path);
 *     FileBuffer buffer = loader.load()) {
 *   LoadRecord course = recorder.record();
 * }
 * }
 *
 * <p>It keeps at most 65,536 events, some 10 MB; beyond that neighbours are merged, as by {@link
 * LoadRecord#merged}. Of loads that overlap it records the one that began last.
 *
 * @since 0.1
 */
public final class LoadRecorder implements LoadListener {
  private static final int MOST = 1 << 16;

  private final List<LoadEvent> events = new ArrayList<>();
  private Instant begun = Instant.now();
  private long load = -1;
  private @Nullable LoadEvent end;

  /** Makes a recorder that has nothing yet. */
  public LoadRecorder() {}

  @Override
  public synchronized void onEvent(LoadEvent event) {
    if (event.kind() == LoadEvent.Kind.BEGUN) {
      begun = Instant.now();
      load = event.load();
      end = null;
      events.clear();
    } else if (event.load() == load) {
      add(event);
    }
  }

  private void add(LoadEvent event) {
    if (event.kind() == LoadEvent.Kind.ENDED) {
      end = event;
      return;
    }
    events.add(event);
    if (events.size() >= MOST) {
      List<LoadEvent> merged = List.copyOf(LoadRecord.merge(events, MOST / 2));
      events.clear();
      events.addAll(merged);
    }
  }

  /** {@return what was recorded of the last load so far; nothing if none began} */
  public synchronized LoadRecord record() {
    LoadEvent last = end;
    Duration until =
        events.stream()
            .map(event -> event.start().plus(event.elapsed()))
            .reduce(Duration.ZERO, (a, b) -> a.compareTo(b) > 0 ? a : b);
    return new LoadRecord(
        begun,
        last == null ? until : last.elapsed(),
        events,
        last == null ? null : last.report().orElse(null),
        last == null ? null : last.failure().orElse(null));
  }
}
