// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.Loader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/events.md says is what loads tell. */
class EventsTests {
  private static final Path DOCUMENT = Path.of("..", "docs", "events.md");

  @TempDir private Path folder;

  @Test
  void theDocumentIsMadeFromTheClasses() throws Exception {
    ReadmeProgram.writeSamples(folder);
    try (Recording recording = new Recording()) {
      recording.enable("io.fastsafetensors.BlockRead");
      recording.start();
      try (Loader loader = Loader.open(folder);
          FileBuffer buffer = loader.load()) {
        assertThat(buffer.keys()).hasSize(2); // now the events are known
      }
    }
    assertThat(EventsDocument.events()).hasSize(3);
    List<String> made = EventsDocument.lines();
    if (Boolean.getBoolean("golden.accept")) {
      Files.write(DOCUMENT, made);
    }
    assertThat(made)
        .as("%s; accept changes with -Dgolden.accept=true", DOCUMENT)
        .containsExactlyElementsOf(Files.readAllLines(DOCUMENT));
  }

  @Test
  void everyKindIsDescribed() throws Exception {
    assertThat(Files.readAllLines(DOCUMENT).stream().filter(line -> line.startsWith("| `")))
        .extracting(line -> line.split("`", -1)[1])
        .containsAll(Stream.of(LoadEvent.Kind.values()).map(Enum::name).toList());
  }
}
