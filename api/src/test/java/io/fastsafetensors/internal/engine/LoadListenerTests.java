// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.LoadEvent.Kind;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadRecord;
import io.fastsafetensors.LoadRecorder;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Loader;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.logging.Level;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a listener hears of loads and streams. */
class LoadListenerTests {
  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private final List<LoadEvent> events = Collections.synchronizedList(new ArrayList<>());
  private Samples file;

  @BeforeEach
  void writeFile() throws IOException {
    file =
        new Samples(folder.resolve("f")).with("w", DType.F32, 2, 2).with("v", DType.U8, 4).write();
  }

  private Loader loader() {
    return bench.loader(events::add).addFiles(0, List.of(file.path));
  }

  private List<Kind> kinds() {
    return events.stream().map(LoadEvent::kind).distinct().toList();
  }

  private long readBytes() {
    return events.stream()
        .filter(event -> event.kind() == Kind.READ)
        .mapToLong(LoadEvent::bytes)
        .sum();
  }

  @Test
  void aLoadIsToldFromItsBeginningToItsReport() throws LoadException {
    LoadReport report;
    try (Loader loader = loader();
        FileBuffer buffer = loader.load()) {
      report = buffer.report();
    }
    assertThat(kinds()).startsWith(Kind.BEGUN, Kind.HEADERS).endsWith(Kind.ENDED);
    assertThat(events).extracting(LoadEvent::load).containsOnly(events.getFirst().load());
    assertThat(readBytes()).isEqualTo(20);
    LoadEvent read = events.stream().filter(e -> e.kind() == Kind.READ).findFirst().orElseThrow();
    assertThat(read.file()).contains(file.path);
    assertThat(read.path()).contains(TransferPath.BUFFERED);
    assertThat(read.busy()).isEqualTo(read.elapsed()).hasNanos(1000);
    assertThat(read.thread()).isNotEmpty();
    assertThat(events.getLast().report()).contains(report);
    assertThat(events.getLast().failure()).isEmpty();
    for (LoadEvent event : events) {
      assertThat(event.start().plus(event.elapsed()))
          .isLessThanOrEqualTo(events.getLast().elapsed());
    }
  }

  @Test
  void conversionsAreToldWithTheirFile() throws LoadException {
    try (Loader loader = loader();
        FileBuffer buffer = loader.load(LoadOptions.builder().dtype(DType.BF16).build())) {
      assertThat(buffer.keys()).hasSize(2);
    }
    assertThat(events)
        .filteredOn(event -> event.kind() == Kind.CONVERSION)
        .singleElement()
        .satisfies(event -> assertThat(event.file()).contains(file.path))
        .satisfies(event -> assertThat(event.bytes()).isEqualTo(20));
  }

  @Test
  void aFailureIsToldOnceWhereverItHappens() throws LoadException {
    LoadException failure = new LoadException("EIO");
    bench.first.onAwait =
        _ -> {
          throw failure;
        };
    try (Loader loader = loader()) {
      assertThatExceptionOfType(LoadException.class).isThrownBy(loader::load);
      try (FileBuffer buffer = loader.begin(LoadOptions.defaults())) {
        assertThatExceptionOfType(LoadException.class).isThrownBy(buffer::awaitAll);
      }
    }
    assertThat(events)
        .filteredOn(event -> event.kind() == Kind.ENDED)
        .hasSize(2)
        .allSatisfy(event -> assertThat(event.failure()).containsSame(failure))
        .extracting(LoadEvent::load)
        .doesNotHaveDuplicates();
  }

  @Test
  void aLoadThatNeverBeganToReadHasFailed() {
    try (Loader loader = bench.loader(events::add).addFiles(folder.resolve("missing"))) {
      assertThatExceptionOfType(LoadException.class).isThrownBy(loader::load);
    }
    assertThat(kinds()).containsExactly(Kind.BEGUN, Kind.HEADERS, Kind.ENDED);
  }

  @Test
  void aStreamIsToldToItsEnd() throws LoadException {
    StreamOptions options = StreamOptions.builder().window(1 << 20).build();
    try (Loader loader = loader();
        TensorStream stream = loader.stream(options)) {
      stream.consume(_ -> {});
      assertThat(events.getLast().report()).map(LoadReport::bytes).contains(20L);
    }
    assertThat(kinds()).startsWith(Kind.BEGUN, Kind.HEADERS).endsWith(Kind.ENDED);
    assertThat(readBytes()).isEqualTo(20);
  }

  @Test
  void aLoadThatBeganIsToldWhenAllIsThere() throws LoadException {
    try (Loader loader = loader();
        FileBuffer buffer = loader.begin(LoadOptions.defaults())) {
      buffer.awaitAll();
    }
    assertThat(events.getLast().kind()).isEqualTo(Kind.ENDED);
    assertThat(events.getLast().report()).map(LoadReport::bytes).contains(20L);
  }

  @Test
  void whatAListenerThrowsEndsNoLoad() throws LoadException {
    List<Kind> heard = new ArrayList<>();
    try (LogRecorder logs = new LogRecorder(Level.WARNING);
        Loader loader =
            bench
                .loader(event -> {
                  heard.add(event.kind());
                  throw new AssertionError("mistake");
                })
                .addFiles(0, List.of(file.path))) {
      loader.load().close();
      assertThat(logs.messages())
          .containsExactly("the listener of a load threw, and hears no more of it");
      loader.load().close();
    }
    assertThat(heard).as("the next load is told again").containsExactly(Kind.BEGUN, Kind.BEGUN);
  }

  @Test
  void aRecorderKeepsTheLastLoad() throws LoadException {
    LoadRecorder recorder = new LoadRecorder();
    assertThat(recorder.record().events()).isEmpty();
    try (Loader loader = bench.loader(recorder).addFiles(0, List.of(file.path))) {
      loader.load().close();
      loader.load().close();
      LoadRecord record = recorder.record();
      assertThat(record.report()).contains(loader.explain());
      assertThat(record.failure()).isEmpty();
      assertThat(record.events().stream().mapToLong(LoadEvent::bytes).sum()).isEqualTo(20);
      assertThat(record.events())
          .extracting(LoadEvent::kind)
          .doesNotContain(Kind.BEGUN, Kind.ENDED);
      bench.first.onAwait =
          _ -> {
            throw new LoadException("EIO");
          };
      assertThatExceptionOfType(LoadException.class).isThrownBy(loader::load);
      assertThat(recorder.record().failure()).map(Throwable::getMessage).contains("EIO");
      assertThat(recorder.record().report()).isEmpty();
    }
  }
}
