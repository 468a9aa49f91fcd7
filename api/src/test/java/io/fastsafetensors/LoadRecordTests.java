// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.LoadEvent.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Records of loads with many events. */
class LoadRecordTests {
  private static LoadEvent read(int number, int files, int threads) {
    return LoadEvent.builder(1, Kind.READ)
        .file(Path.of("f" + number % files))
        .path(number % 3 == 0 ? TransferPath.CACHED : TransferPath.DIRECT)
        .thread("t" + number % threads)
        .range(1000L * number, 1000)
        .time(Duration.ofNanos(100L * number), Duration.ofNanos(70))
        .build();
  }

  private static LoadRecord recorded(int events, int files, int threads) {
    LoadRecorder recorder = new LoadRecorder();
    recorder.onEvent(LoadEvent.builder(1, Kind.BEGUN).build());
    for (int i = 0; i < events; i++) {
      recorder.onEvent(read(i, files, threads));
    }
    return recorder.record();
  }

  private static void assertSums(Collection<LoadEvent> events, int count) {
    assertThat(events.stream().mapToLong(LoadEvent::bytes).sum()).isEqualTo(1000L * count);
    assertThat(events.stream().mapToInt(LoadEvent::count).sum()).isEqualTo(count);
    assertThat(events.stream().map(LoadEvent::busy).reduce(Duration.ZERO, Duration::plus))
        .isEqualTo(Duration.ofNanos(70L * count));
    assertThat(
            events.stream()
                .filter(event -> event.path().equals(Optional.of(TransferPath.CACHED)))
                .mapToInt(LoadEvent::count)
                .sum())
        .isEqualTo((count + 2) / 3);
  }

  @Test
  void mergedEventsKeepSumsFilesAndThreads() {
    LoadRecord merged = recorded(10_000, 4, 8).merged(1000);
    assertThat(merged.events()).hasSizeBetween(300, 1000);
    assertSums(merged.events(), 10_000);
    assertThat(merged.events()).allMatch(event -> event.file().isPresent());
    assertThat(merged.events()).isSortedAccordingTo((a, b) -> a.start().compareTo(b.start()));
    assertThat(merged.events()).allMatch(event -> event.elapsed().compareTo(event.busy()) >= 0);
  }

  @Test
  void moreFilesAndThreadsThanThereIsRoomForAreMerged() {
    LoadRecord merged = recorded(9_000, 3_000, 2_000).merged(100);
    assertThat(merged.events()).hasSizeLessThanOrEqualTo(100).isNotEmpty();
    assertSums(merged.events(), 9_000);
  }

  @Test
  void fewEventsStayAsTheyAre() {
    LoadRecord record = recorded(50, 2, 2);
    assertThat(record.merged(100).events()).isEqualTo(record.events());
    assertThatIllegalArgumentException().isThrownBy(() -> record.merged(99));
  }

  @Test
  void aRecorderIsBounded() {
    LoadRecord record = recorded(200_000, 5, 3);
    assertThat(record.events()).hasSizeLessThan(1 << 16);
    assertSums(record.events(), 200_000);
    assertThat(record.elapsed()).isEqualTo(Duration.ofNanos(199_999 * 100 + 70));
  }

  @Test
  void aBuilderGoesOnFromAnEvent() {
    LoadEvent merged =
        read(5, 1, 1).toBuilder().merged(7, Duration.ofNanos(3)).failure(new Error("x")).build();
    LoadEvent same = merged.toBuilder().build();
    assertThat(same).usingRecursiveComparison().isEqualTo(merged);
    assertThat(Stream.of(Kind.values()).map(Kind::toString)).contains("ranks awaited");
    assertThat(merged)
        .hasToString("load 1, read of f0: 1000 bytes direct, from 0.000001 s, 0.000000 s");
  }
}
