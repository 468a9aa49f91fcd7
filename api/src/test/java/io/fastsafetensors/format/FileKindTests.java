// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A file that isn't safetensors is told for what it is, with what to do about it. */
class FileKindTests {
  @TempDir private Path folder;

  static Stream<Arguments> others() throws IOException {
    String pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 4976698672\n";
    return Stream.of(
        text("a Git LFS pointer to a file of 4976698672 bytes: fetch the file with 'git", pointer),
        text("a Git LFS pointer", pointer.replace("\n", "\r\n")),
        text("a Xet pointer", "# xet version 0\nfilesize = 12\nhash = 'ab'\n"),
        text("an HTML page", "<!DOCTYPE html><html><head><title>Sign in</title></head></html>"),
        text("an HTML page", "\uFEFF \n<!-- proxy -->\n<HTML><BODY>403</BODY></HTML>"),
        text("XML text", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"),
        text(
            "begins '{\"error\":\"Repository not found\"}'",
            "{\"error\":\"Repository not found\"}"),
        text("begins 'Entry not found'", "Entry not found"),
        text("begins 'Zugriff verweigert: ä", "Zugriff verweigert: " + "ä".repeat(1000)),
        text("begins 'nope'", "nope\n"),
        binary("a zip archive, as of PyTorch (.pt, .bin)", zip()),
        binary("a Python pickle, as of older PyTorch", "\u0080\2\u008a\12l\u00fc\u009cF\u00f9 j"),
        binary("a Python pickle", "\u0080\2K\1."),
        binary("a Python pickle", "\u0080\4\u0095\0\0\0\0\0\0\0\0".repeat(2_000_000)),
        binary("a GGUF file", "GGUF\3\0\0\0" + "\0".repeat(400)),
        binary("a GGUF file", "GGUF\1\0\0\0" + "\0".repeat(400)),
        binary("a GGJT file", "tjgg\3\0\0\0" + "\0".repeat(400)),
        binary("an ONNX model", "\b\7\22\7pytorch\32\0052.0.1" + "\0".repeat(400)),
        binary("an HDF5 file", "\u0089HDF\r\n\32\n" + "\0".repeat(400)),
        binary("a NumPy array", "\u0093NUMPY\1\0v\0{'descr': '<f4'}"),
        binary("compressed by gzip", gzip()),
        binary("compressed by gzip", "\u001f\u008b\b\0\0\0\0\0\0\3" + "\u0001".repeat(600_000)),
        binary("compressed by zstd", "(\u00b5/\u00fd\4\0\1\2\3\4"),
        binary("a tar archive", tar("model/weights.bin")),
        binary("a tar archive", tar("a.b")),
        binary("an empty file: download it again", ""));
  }

  private static Arguments text(String words, String content) {
    return arguments(words, content.getBytes(StandardCharsets.UTF_8));
  }

  private static Arguments binary(String words, String content) {
    return arguments(words, content.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static Arguments binary(String words, byte[] content) {
    return arguments(words, content);
  }

  private static byte[] zip() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("archive/data.pkl"));
      zip.write(new byte[100]);
    }
    return bytes.toByteArray();
  }

  private static byte[] gzip() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(new byte[10_000]);
    }
    return bytes.toByteArray();
  }

  private static String tar(String name) {
    String header = name + "\0".repeat(257 - name.length()) + "ustar\00000";
    return header + "\0".repeat(2048 - header.length());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("others")
  void saysWhatAFileIsInstead(String words, byte[] content) throws IOException {
    Path file = Files.write(folder.resolve("model.safetensors"), content);
    assertThatExceptionOfType(HeaderFormatException.class)
        .isThrownBy(() -> SafetensorsHeader.read(file))
        .withMessageContaining(words)
        .withMessageContaining("this is not safetensors but")
        .satisfies(e -> {
          assertThat(e.actualFormat()).isPresent();
          assertThat(e.path()).isEqualTo(file);
          assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(600);
        });
  }

  @Test
  void saysThatAFileIsNothingButZeros() throws IOException {
    for (int size : new int[] {8, 100, 1 << 20}) {
      Path file = Files.write(folder.resolve("zeros"), new byte[size]);
      assertThatExceptionOfType(HeaderFormatException.class)
          .isThrownBy(() -> SafetensorsHeader.read(file))
          .withMessageContaining("begins with zeros")
          .withMessageContaining("download it again");
    }
  }

  /** What is damaged isn't called something else. */
  @Test
  void aCutOrDamagedFileStaysSafetensors() throws IOException {
    byte[] whole =
        HeaderCase.file("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4);
    for (int size : new int[] {1, 7, 8, 9, 20, whole.length - 1}) {
      Path file = Files.write(folder.resolve("cut"), Arrays.copyOf(whole, size));
      assertThatExceptionOfType(HeaderFormatException.class)
          .isThrownBy(() -> SafetensorsHeader.read(file))
          .satisfies(e -> assertThat(e.actualFormat()).isEmpty());
    }
    byte[] damaged = whole.clone();
    damaged[9] = 'x';
    Path file = Files.write(folder.resolve("damaged"), damaged);
    assertThatExceptionOfType(HeaderFormatException.class)
        .isThrownBy(() -> SafetensorsHeader.read(file))
        .satisfies(e -> {
          assertThat(e.actualFormat()).isEmpty();
          assertThat(e.rule()).isEqualTo(FormatRule.INVALID_HEADER_DESERIALIZATION);
        });
  }

  @Test
  void saysThatAHeaderIsCut() throws IOException {
    byte[] whole =
        HeaderCase.file("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4);
    Path file = Files.write(folder.resolve("cut"), Arrays.copyOf(whole, 20));
    assertThatExceptionOfType(HeaderFormatException.class)
        .isThrownBy(() -> SafetensorsHeader.read(file))
        .withMessageEndingWith(
            "the file has 12 after its length: it is cut short, download it again");
  }
}
