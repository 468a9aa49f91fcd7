// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators see of loads: logs, events of the flight recorder, reports of leaks. */
class ObservabilityTests {
  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private Samples file;

  @BeforeEach
  void writeFile() throws IOException {
    file =
        new Samples(folder.resolve("f")).with("w", DType.F32, 2, 2).with("v", DType.U8, 4).write();
  }

  @Test
  void debugLogsTellEachStep() throws Exception {
    try (LogRecorder logs = new LogRecorder(Level.FINE)) {
      Ranks.load(
          bench,
          2,
          Map.of(0, List.of(file.path)),
          LoadOptions.defaults(),
          (_, buffer) -> {
            buffer.tensor("w").close();
            buffer.tensor("v", TensorOptions.of(Part.shard(0), DType.I16)).close();
            return true;
          });
      assertThat(logs.messages())
          .contains("add file 1: " + file.path + ", rank=0")
          .contains("open: backend first on fake:0")
          .contains("candidate to read files to fake:0: backend first, available: for tests")
          .anyMatch(m -> m.matches("read: file=.*/f, path=buffered, thread=.*, count=16, 1 us"))
          .anyMatch(m -> m.matches("loaded: .*/f, 2 tensors in 1 buffer of 20 bytes, \\d+ us"))
          .contains("broadcast: 'w' F32 [2, 2], whole, as F32, rank 1, owner 0")
          .contains("scatter: 'v' U8 [4], shard of dimension 0, as I16, rank 0, owner 0")
          .anyMatch(m -> m.matches("allocate: 16 bytes on fake:0, \\d+ us"))
          .contains("release: " + file.path)
          .contains("free: 20 bytes on fake:0");
    }
  }

  @Test
  void nothingIsLoggedWithoutBeingAskedFor() throws IOException {
    try (LogRecorder logs = new LogRecorder(Level.INFO);
        Loader loader = bench.loader().addFiles(0, List.of(file.path));
        FileBuffer buffer = loader.load()) {
      assertThat(buffer.keys()).hasSize(2);
      assertThat(logs.records()).isEmpty();
    }
  }

  private List<RecordedEvent> events(Recording recording, String name) throws IOException {
    Path dump = folder.resolve("dump.jfr");
    recording.dump(dump);
    return RecordingFile.readAllEvents(dump).stream()
        .filter(event -> event.getEventType().getName().equals(name))
        .toList();
  }

  @Test
  void theFlightRecorderSeesLoadsAndBlocks() throws IOException {
    try (Recording recording = new Recording();
        Loader loader = bench.loader().addFiles(0, List.of(file.path))) {
      recording.enable("io.fastsafetensors.BlockRead");
      recording.start();
      loader.load().close();
      bench.first.onAwait =
          _ -> {
            throw new LoadException("EIO");
          };
      assertThatExceptionOfType(LoadException.class).isThrownBy(loader::load);
      recording.stop();
      List<RecordedEvent> loads = events(recording, "io.fastsafetensors.Load");
      assertThat(loads).extracting(e -> e.getBoolean("succeeded")).containsExactly(true, false);
      assertThat(loads.getFirst().getLong("bytes")).isEqualTo(20);
      assertThat(loads.getFirst().getInt("files")).isEqualTo(1);
      assertThat(loads.getFirst().getString("device")).isEqualTo("fake:0");
      List<RecordedEvent> blocks = events(recording, "io.fastsafetensors.BlockRead");
      assertThat(blocks).hasSize(2);
      assertThat(blocks.getFirst().getString("file")).isEqualTo(file.path.toString());
      assertThat(blocks.getFirst().getString("path")).isEqualTo("buffered");
      assertThat(blocks.getFirst().getLong("bytes")).isEqualTo(16);
      assertThat(blocks.getFirst().getDuration("readTime").toNanos()).isEqualTo(1000);
    }
  }

  @Test
  void whatIsNeverClosedIsReportedWithWhereItWasMade() throws Exception {
    try (LogRecorder logs = new LogRecorder(Level.WARNING)) {
      leak();
      // The fake remembers what it was given.
      bench.first.options = null;
      for (int i = 0; i < 600 && logs.records().size() < 4; i++) {
        System.gc();
        Thread.sleep(20);
      }
      assertThat(logs.messages())
          .containsExactlyInAnyOrder(
              "a copy of tensor 'w' F32 [2, 2] with 16 bytes was never closed",
              "a retained handle of tensor 'w' F32 [2, 2] with 16 bytes was never closed",
              "a FileBuffer with 20 bytes on fake:0 was never closed",
              "a Loader for fake:0 was never closed");
      for (LogRecord report : logs.records()) {
        assertThat(report.getThrown().getStackTrace())
            .extracting(StackTraceElement::getMethodName)
            .contains("leak");
      }
    }
  }

  @SuppressWarnings({"MustBeClosedChecker", "resource"}) // what the test is about
  private void leak() throws IOException {
    Tensor view = bench.loader().addFiles(0, List.of(file.path)).load().tensor("w");
    Tensor copy = view.copy();
    assertThat(copy.isView()).isFalse();
    Tensor kept = view.retain();
    assertThat(kept.isView()).isFalse();
  }
}
