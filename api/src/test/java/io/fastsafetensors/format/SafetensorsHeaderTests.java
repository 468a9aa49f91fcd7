// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a header holds, and what is said of files that have none. */
class SafetensorsHeaderTests {
  @TempDir private Path folder;

  @Test
  void holdsTensorsInTheOrderOfTheirBytes() throws IOException {
    String json =
        """
        {"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]},
         "__metadata__":{"z":"1","a":"2"},
         "a":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]}}\
        """;
    Path path = file(json, 6);

    SafetensorsHeader header = SafetensorsHeader.read(path);

    assertThat(header.path()).isEqualTo(path);
    assertThat(header.dataOffset()).isEqualTo(8 + json.length());
    assertThat(header.fileSize()).isEqualTo(8 + json.length() + 6);
    assertThat(header.tensors())
        .containsExactly(
            new TensorInfo("a", DType.F16, Shape.of(2, 1), 0, 4),
            new TensorInfo("b", DType.U8, Shape.of(2), 4, 6));
    assertThat(header.metadata().keySet()).containsExactly("a", "z");
  }

  @Test
  void isImmutable() throws IOException {
    SafetensorsHeader header = SafetensorsHeader.read(file("{\"__metadata__\":{\"k\":\"v\"}}", 0));

    assertThatThrownBy(() -> header.metadata().put("x", "y"))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> header.tensors().add(new TensorInfo("a", DType.U8, Shape.of(), 0, 1)))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void keepsTheLastOfEqualMetadataKeys() throws IOException {
    Path path = file("{\"__metadata__\":{\"k\":\"1\",\"\\u006b\":\"2\"}}", 0);

    assertThat(SafetensorsHeader.read(path).metadata()).containsExactly(Map.entry("k", "2"));
  }

  @Test
  void unescapesNames() throws IOException {
    Path path =
        file(
            "{\"\\ud83d\\ude00\\u0000\\/\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}",
            1);

    assertThat(SafetensorsHeader.read(path).tensors().getFirst().name())
        .isEqualTo("\ud83d\ude00\0/");
  }

  @Test
  void saysWhereTheFaultIsInBytes() throws IOException {
    String before =
        "{\"\u00e9\u20ac\ud83d\ude00\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},";
    Path path = file(before + "\"bad\nname\\n\":{\"dtype\":\"u8\"}}".replace("\n", ""), 1);

    assertThatExceptionOfType(HeaderFormatException.class)
        .isThrownBy(() -> SafetensorsHeader.read(path))
        .satisfies(e -> {
          long start = 8L + before.getBytes(StandardCharsets.UTF_8).length;
          assertThat(e.byteOffset()).isEqualTo(start + "\"badname\\n\":{\"dtype\":".length());
          assertThat(e.tensor()).contains("badname\n");
          assertThat(e)
              .hasMessage(
                  path
                      + ": InvalidHeaderDeserialization at byte "
                      + e.byteOffset()
                      + ", tensor 'badname\\u{a}': unknown dtype 'u8'");
        });
  }

  @Test
  void namesTheTensorWhoseRangeIsWrong() throws IOException {
    String before = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},";
    Path path = file(before + "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[3,4]}}", 4);

    assertThatExceptionOfType(HeaderFormatException.class)
        .isThrownBy(() -> SafetensorsHeader.read(path))
        .satisfies(e -> {
          assertThat(e.rule()).isEqualTo(FormatRule.INVALID_OFFSET);
          assertThat(e.tensor()).contains("b");
          assertThat(e.byteOffset()).isEqualTo(8 + before.length());
        })
        .withMessageEndingWith("[3, 4] must begin at 1, where the tensor before it ends");
  }

  @Test
  void saysThatAFileIsMissing() {
    Path absent = folder.resolve("absent");

    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> SafetensorsHeader.read(absent))
        .withMessage("can't read " + absent + ": there is no such file")
        .withCauseInstanceOf(NoSuchFileException.class);
  }

  @Test
  void saysThatAPathIsADirectory() {
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> SafetensorsHeader.read(folder))
        .withMessage("can't read " + folder + ": it is a folder");
  }

  @Test
  @Timeout(value = 10, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void doesNotWaitForTheOtherEndOfANamedPipe() throws Exception {
    Path pipe = folder.resolve("pipe");
    Process mkfifo = new ProcessBuilder("mkfifo", pipe.toString()).start();
    assertThat(mkfifo.waitFor(5, TimeUnit.SECONDS)).isTrue();

    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> SafetensorsHeader.read(pipe))
        .withMessage("can't read " + pipe + ": it is not a regular file");
  }

  @Test
  void saysThatAFileMayNotBeRead() throws IOException {
    Path path = file("{}", 0);
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("---------"));
    assumeThat(Files.isReadable(path)).as("this user may read any file").isFalse();

    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> SafetensorsHeader.read(path))
        .withMessage("can't read " + path + ": permission denied")
        .withCauseInstanceOf(AccessDeniedException.class);
  }

  @Test
  void followsALink() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), file("{}", 0));

    assertThat(SafetensorsHeader.read(link).path()).isEqualTo(link);
  }

  @Test
  void readsTensorsOver4GiB() throws IOException {
    long bytes = (5L << 30) + 1;
    Path path =
        file(
            """
            {"a":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]},
             "b":{"dtype":"F32","shape":[1],"data_offsets":[%d,%d]}}\
            """
                .formatted(bytes, bytes, bytes, bytes + 4),
            bytes + 4);

    List<TensorInfo> tensors = SafetensorsHeader.read(path).tensors();

    assertThat(tensors.getFirst().byteSize()).isEqualTo(bytes);
    assertThat(tensors.getLast().begin()).isEqualTo(bytes);
  }

  @Test
  void readsAHeaderOf100Megabytes() throws IOException {
    Path path = folder.resolve("large");
    byte[] json = new byte[100_000_000];
    Arrays.fill(json, (byte) ' ');
    json[0] = '{';
    json[json.length - 1] = '}';
    Files.write(path, length(json.length));
    Files.write(path, json, StandardOpenOption.APPEND);

    assertThat(SafetensorsHeader.read(path).dataOffset()).isEqualTo(100_000_008);
  }

  @Test
  void reads100000Tensors() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    for (int i = 0; i < 100_000; i++) {
      writer.add(
          "layers." + i + ".weight", DType.U8, Shape.of(1), MemorySegment.ofArray(new byte[1]));
    }
    Path path = folder.resolve("many");
    writer.write(path);

    assertThat(SafetensorsHeader.read(path).tensors()).hasSize(100_000);
  }

  @Test
  void reads65536NamesOfOneHashCode() throws IOException {
    StringBuilder json = new StringBuilder("{");
    for (int i = 0; i < 1 << 16; i++) {
      json.append(i == 0 ? "\"" : ",\"");
      for (int bit = 0; bit < 16; bit++) {
        json.append((i >> bit & 1) == 0 ? "Aa" : "BB");
      }
      json.append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
    }
    assertThat(SafetensorsHeader.read(file(json + "}", 0)).tensors()).hasSize(1 << 16);
  }

  private Path file(String json, long dataBytes) throws IOException {
    Path path = Files.createTempFile(folder, "t", ".safetensors");
    byte[] header = json.getBytes(StandardCharsets.UTF_8);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(length(header.length)));
      channel.write(ByteBuffer.wrap(header));
      if (dataBytes > 0) {
        // A hole: the file takes no space for the tensors' bytes.
        channel.write(ByteBuffer.allocate(1), Long.BYTES + header.length + dataBytes - 1);
      }
    }
    return path;
  }

  private static byte[] length(int headerBytes) {
    return ByteBuffer.allocate(Long.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(headerBytes)
        .array();
  }
}
