// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the writer writes and refuses. */
class SafetensorsWriterTests {
  @TempDir private Path folder;

  @Test
  void writesTheBytesOfTheReference() throws IOException {
    // Made with the Python package safetensors 0.8.0.
    String json =
        """
        {"__metadata__":{"k":"v\\"\\u0001\ud83d\ude00"},\
        "q\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\u007fLS\u00e9":\
        {"dtype":"I64","shape":[0,5],"data_offsets":[0,0]},\
        "w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},\
        "\uff5e":{"dtype":"F16","shape":[1],"data_offsets":[16,18]},\
        "\ud83d\ude00":{"dtype":"F16","shape":[1],"data_offsets":[18,20]},\
        "a":{"dtype":"U8","shape":[],"data_offsets":[20,21]},\
        "b":{"dtype":"U8","shape":[3],"data_offsets":[21,24]},\
        "":{"dtype":"BOOL","shape":[1],"data_offsets":[24,25]}}\
        """
            .replace("LS", "\u2028");
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .add("", DType.BOOL, Shape.of(1), bytes("01"))
            .add("\ud83d\ude00", DType.F16, Shape.of(1), bytes("003c"))
            .add("\uff5e", DType.F16, Shape.of(1), bytes("0040"))
            .add("b", DType.U8, Shape.of(3), bytes("010203"))
            .add("a", DType.U8, Shape.of(), bytes("09"))
            .add("w", DType.F32, Shape.of(2, 2), bytes("000000000000803f0000004000004040"))
            .add(
                "q\"\\/\b\f\n\r\t\u0001\u001f\u007f\u2028\u00e9",
                DType.I64,
                Shape.of(0, 5),
                bytes(""))
            .metadata("k", "v\"\u0001\ud83d\ude00");

    byte[] file = write(writer);

    assertThat(HexFormat.of().formatHex(file, 0, 8)).isEqualTo("d001000000000000");
    assertThat(new String(file, 8, 464, StandardCharsets.UTF_8)).isEqualTo(json + "     ");
    assertThat(HexFormat.of().formatHex(file, 472, file.length))
        .isEqualTo("000000000000803f00000040000040400040003c0901020301");
  }

  @Test
  void writesAFileWithoutTensors() throws IOException {
    assertThat(write(new SafetensorsWriter()))
        .isEqualTo("\u0008\0\0\0\0\0\0\0{}      ".getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void givesTheSameBytesInWhateverOrderThingsAreAdded() throws IOException {
    List<String> names = Arrays.asList("a", "b", "\uff5e", "\ud83d\ude00", "ab", "");
    byte[] first = write(writerOf(names));
    Random random = new Random(1);
    for (int i = 0; i < 10; i++) {
      Collections.shuffle(names, random);
      assertThat(write(writerOf(names))).isEqualTo(first);
    }
  }

  @Test
  void sortsMetadataByTheBytesOfItsKeys() throws IOException {
    byte[] file =
        write(
            new SafetensorsWriter()
                .metadata("\ud83d\ude00", "4")
                .metadata("\uff5e", "3")
                .metadata("b", "0")
                .metadata("a", "1")
                .metadata("b", "2"));

    assertThat(new String(file, 8, file.length - 8, StandardCharsets.UTF_8).strip())
        .isEqualTo(
            "{\"__metadata__\":{\"a\":\"1\",\"b\":\"2\",\"\uff5e\":\"3\",\"\ud83d\ude00\":\"4\"}}");
    assertThat(SafetensorsHeader.read(target()).metadata().keySet())
        .containsExactly("a", "b", "\uff5e", "\ud83d\ude00");
  }

  @ParameterizedTest
  @EnumSource
  void writesWhatItReads(DType dtype) throws IOException {
    byte[] content = new byte[Math.toIntExact(dtype.byteSize(2 * 4 * 3))];
    new Random(dtype.name().hashCode()).nextBytes(content);

    byte[] file =
        write(
            new SafetensorsWriter()
                .add("t", dtype, Shape.of(2, 4, 3), MemorySegment.ofArray(content))
                .add("scalar", DType.U8, Shape.of(), bytes("07")));

    SafetensorsHeader header = SafetensorsHeader.read(target());
    TensorInfo t =
        header.tensors().stream().filter(info -> info.name().equals("t")).findFirst().orElseThrow();
    assertThat(t.dtype()).isEqualTo(dtype);
    assertThat(t.shape()).isEqualTo(Shape.of(2, 4, 3));
    int start = Math.toIntExact(header.dataOffset() + t.begin());
    assertThat(Arrays.copyOfRange(file, start, start + content.length)).isEqualTo(content);
    assertThat(header.fileSize()).isEqualTo(file.length);
    assertThat(header.dataOffset() % 8).isZero();
  }

  @Test
  void writesAShapeOfUnsignedDimensions() throws IOException {
    write(new SafetensorsWriter().add("t", DType.F4, Shape.of(0, -1, -1), bytes("")));

    assertThat(SafetensorsHeader.read(target()).tensors().getFirst().shape())
        .hasToString("[0, 18446744073709551615, 18446744073709551615]");
  }

  @Test
  void takesPiecesOfAnySizeFromHeapAndNativeMemory() throws IOException {
    byte[] content = new byte[9_000_001];
    new Random(7).nextBytes(content);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_BYTE, content);
      SafetensorsWriter writer =
          new SafetensorsWriter()
              .add("heap", DType.U8, Shape.of(content.length), MemorySegment.ofArray(content))
              .add("native", DType.U8, Shape.of(content.length), segment)
              .add("pieces", DType.U8, Shape.of(content.length), pieces(content));
      byte[] file = write(writer);
      int start = file.length - 3 * content.length;
      for (int i = 0; i < 3; i++, start += content.length) {
        assertThat(Arrays.equals(file, start, start + content.length, content, 0, content.length))
            .as("tensor %d", i)
            .isTrue();
      }
    }
  }

  @Test
  void takesArraysOfAnyTypeAndBuffersThatAreReadOnly() throws IOException {
    ByteBuffer readOnly = ByteBuffer.wrap(new byte[] {0, 9, 8, 0}, 1, 2).asReadOnlyBuffer();
    byte[] file =
        write(
            new SafetensorsWriter()
                .add("f", DType.F32, Shape.of(2), MemorySegment.ofArray(new float[] {1, 2}))
                .add("s", DType.I16, Shape.of(1), MemorySegment.ofArray(new short[] {3}))
                .add("b", DType.U8, Shape.of(2), channel -> channel.write(readOnly)));

    assertThat(HexFormat.of().formatHex(file, file.length - 12, file.length))
        .isEqualTo("0000803f00000040" + "0300" + "0908");
  }

  @Test
  void writesAgainWithFreshBytes() throws IOException {
    byte[] content = {1};
    SafetensorsWriter writer =
        new SafetensorsWriter().add("t", DType.U8, Shape.of(), MemorySegment.ofArray(content));
    byte[] first = write(writer);
    content[0] = 2;
    byte[] second = write(writer);

    assertThat(first[first.length - 1]).isEqualTo((byte) 1);
    assertThat(second[second.length - 1]).isEqualTo((byte) 2);
  }

  @Test
  void refusesTensorsThatNoReaderCouldGiveBack() {
    SafetensorsWriter writer = new SafetensorsWriter().add("t", DType.U8, Shape.of(1), bytes("00"));

    assertRefused(writer, "t", DType.U8, Shape.of(1), "tensor 't': the name was added before");
    assertRefused(
        writer,
        "__metadata__",
        DType.U8,
        Shape.of(1),
        "tensor '__metadata__': the format keeps this name for metadata");
    assertRefused(
        writer,
        "x\ud800",
        DType.U8,
        Shape.of(1),
        "tensor 'x\\u{d800}': half of a surrogate pair has no UTF-8 form");
    assertRefused(
        writer, "f", DType.F4, Shape.of(3), "tensor 'f': F4 [3]: 3 elements of F4 are 12 bits");
    assertRefused(writer, "o", DType.U8, Shape.of(-1), "tensor 'o': U8 [18446744073709551615]: ");
    assertRefused(
        writer, "o", DType.U8, Shape.of(1L << 32, 1L << 32), "tensor 'o': U8 [4294967296, 42949");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer.metadata("k", "\udc00"))
        .withMessageStartingWith("metadata 'k': ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer.metadata("\udc00", "v"))
        .withMessageStartingWith("metadata '\\u{dc00}': ");
  }

  @Test
  void refusesASumOfSizesAbove2To63() {
    Shape large = Shape.of((1L << 61) - 1);
    SafetensorsWriter writer = new SafetensorsWriter();
    for (int i = 0; i < 4; i++) {
      writer.add("t" + i, DType.U8, large, _ -> {});
    }
    assertRefused(writer, "t4", DType.U8, large, "tensor 't4': U8 [2305843009213693951]: ");
  }

  @Test
  void refusesASegmentOfAnotherSize() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new SafetensorsWriter().add("t", DType.F32, Shape.of(2, 2), bytes("0000")))
        .withMessage("tensor 't': F32 [2, 2] takes 16 bytes, not 2");
  }

  @Test
  void refusesAHeaderOver100Megabytes() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    // {"__metadata__":{"k":"..."}} is 25 bytes more than the value.
    assertThatThrownBy(() -> writer.metadata("k", "x".repeat(99_999_976)).write(target()))
        .isInstanceOfSatisfying(
            HeaderFormatException.class,
            e -> assertThat(e.rule()).isEqualTo(FormatRule.HEADER_TOO_LARGE));
    assertThat(folder).isEmptyDirectory();

    assertThat(writer.metadata("k", "x".repeat(99_999_975)).write(target())).isEqualTo(100_000_008);
    assertThat(SafetensorsHeader.read(target()).metadata().get("k")).hasSize(99_999_975);
  }

  private void assertRefused(
      SafetensorsWriter writer, String name, DType dtype, Shape shape, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer.add(name, dtype, shape, _ -> {}))
        .withMessageStartingWith(message);
  }

  private static SafetensorsWriter writerOf(List<String> names) {
    SafetensorsWriter writer = new SafetensorsWriter();
    for (String name : names) {
      writer.add(name, DType.U8, Shape.of(1), bytes("2a")).metadata(name, name);
    }
    return writer;
  }

  private static SafetensorsWriter.Source pieces(byte[] content) {
    return channel -> {
      int length = 1;
      for (int start = 0; start < content.length; start += length) {
        length = Math.min(content.length - start, 1 + length * 2);
        ByteBuffer piece = ByteBuffer.wrap(content, start, length);
        assertThat(channel.write(piece)).isEqualTo(length);
        assertThat(piece.hasRemaining()).isFalse();
      }
    };
  }

  private static MemorySegment bytes(String hex) {
    return MemorySegment.ofArray(HexFormat.of().parseHex(hex));
  }

  private byte[] write(SafetensorsWriter writer) throws IOException {
    long size = writer.write(target());
    byte[] file = Files.readAllBytes(target());
    assertThat(size).isEqualTo(file.length);
    return file;
  }

  private Path target() {
    return folder.resolve("t.safetensors");
  }
}
