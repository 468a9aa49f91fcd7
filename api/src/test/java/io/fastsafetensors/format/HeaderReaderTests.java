// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading and parsing are two steps, which may be done in two places. */
class HeaderReaderTests {
  private static final String JSON =
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}";

  @TempDir private Path folder;

  @Test
  void readsTheHeaderAndNothingElse() throws IOException {
    RawHeader raw = HeaderReader.readRaw(file());

    assertThat(raw.json()).asString().isEqualTo(JSON);
    assertThat(raw.fileSize()).isEqualTo(8 + JSON.length() + 4);
  }

  @Test
  void parsesWhereTheFileIsNot() throws IOException {
    RawHeader raw = HeaderReader.readRaw(file());
    Path label = Path.of("elsewhere.safetensors");

    SafetensorsHeader header = HeaderReader.parse(label, raw);

    assertThat(header.path()).isEqualTo(label);
    assertThat(header.tensors()).singleElement().hasToString("'a' U8 [4]");
  }

  @Test
  void noticesThatTheFileShrank() throws IOException {
    Path path = file();
    try (FileChannel channel = FileChannel.open(path)) {
      long before = channel.size();
      for (int left : new int[] {0, 7, 8, 20}) {
        Files.write(path, HeaderCase.file(JSON, 4));
        truncate(path, left);
        assertThatExceptionOfType(HeaderFormatException.class)
            .isThrownBy(() -> HeaderReader.readRaw(path, channel.position(0), before))
            .satisfies(e -> {
              assertThat(e.rule()).isEqualTo(FormatRule.INVALID_HEADER_LENGTH);
              assertThat(e.byteOffset()).isEqualTo(left);
            })
            .withMessageEndingWith("the file was cut short while its header was read");
      }
    }
  }

  private static void truncate(Path path, long bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.truncate(bytes);
    }
  }

  private Path file() throws IOException {
    return Files.write(folder.resolve("t.safetensors"), HeaderCase.file(JSON, 4));
  }
}
