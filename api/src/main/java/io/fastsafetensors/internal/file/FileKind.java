// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.internal.text.Utf8;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a file is that isn't what was wanted, as far as its first bytes tell.
 *
 * @param what the kind of file, as in "a Git LFS pointer"
 * @param remedy what to do about it
 */
public record FileKind(String what, String remedy) {
  /** How many bytes are looked at. */
  public static final int START_BYTES = 512;

  /** The first bytes of a length may look like text. */
  private static final int LEAST_TEXT = 4;

  /** A header begins after its length. */
  private static final int LENGTH_BYTES = 8;

  private static final int SHOWN_CHARS = 60;
  private static final String JSON = "JSON text";
  private static final String AGAIN = "download it again";
  private static final Pattern POINTER_SIZE = Pattern.compile("\\nsize (\\d+)");

  /**
   * Tells the kind of a file.
   *
   * @param start its first bytes, at least 512 if it has so many
   * @return the kind, or nothing if it can't be told, or may be safetensors
   */
  public static Optional<FileKind> of(byte[] start) {
    if (start.length == 0) {
      return Optional.of(new FileKind("an empty file", AGAIN));
    }
    if (start.length > LENGTH_BYTES && start[7] == 0 && start[8] == '{') {
      return Optional.empty();
    }
    Optional<FileKind> binary =
        Magic.all().stream().filter(magic -> magic.matches(start)).map(Magic::kind).findFirst();
    if (binary.isPresent()) {
      return binary;
    }
    if (isOnnx(start)) {
      return Optional.of(new FileKind("an ONNX model", "convert its weights to safetensors"));
    }
    return isText(start) ? Optional.of(ofText(start)) : Optional.empty();
  }

  /**
   * Tells the kind of a file that is there.
   *
   * @return the kind, or nothing if it can't be told or read
   */
  public static Optional<FileKind> of(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return of(in.readNBytes(START_BYTES));
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  /** A protocol buffer: the version as field 1, then the producer's name or another field. */
  private static boolean isOnnx(byte[] start) {
    return start.length > 8
        && start[0] == 8
        && start[1] > 0
        && start[1] < 32
        && (start[2] == 0x12 || start[2] == 0x1a || start[2] == 0x3a || start[2] == 0x42)
        && start[3] != 0
        && start[4] != 0;
  }

  private static boolean isText(byte[] start) {
    if (start.length < LEAST_TEXT) {
      return false;
    }
    OptionalInt invalid = Utf8.firstInvalid(start);
    // The last character may be cut.
    if (invalid.isPresent()
        && (start.length < START_BYTES || invalid.getAsInt() + 3 < start.length)) {
      return false;
    }
    for (byte b : start) {
      boolean isControl = (b >= 0 && b < ' ') || b == 127;
      if (isControl && b != '\n' && b != '\r' && b != '\t' && b != '\f') {
        return false;
      }
    }
    return true;
  }

  private static FileKind ofText(byte[] start) {
    String text = new String(start, StandardCharsets.UTF_8).replaceFirst("^\uFEFF?\\s+", "");
    String lower = text.toLowerCase(Locale.ROOT).replaceFirst("^\uFEFF", "");
    if (lower.startsWith("version https://git-lfs") || lower.startsWith("version https://hawser")) {
      Matcher size = POINTER_SIZE.matcher(lower);
      String bytes = size.find() ? " to a file of " + size.group(1) + " bytes" : "";
      return new FileKind("a Git LFS pointer" + bytes, "fetch the file with 'git lfs pull'");
    }
    if (lower.startsWith("# xet version")) {
      return new FileKind("a Xet pointer", "fetch the file with 'git xet checkout'");
    }
    if (lower.contains("<html") || lower.contains("<!doctype html")) {
      return new FileKind(
          "an HTML page",
          "of a login or an error, perhaps: " + AGAIN + ", with the rights it takes");
    }
    if (lower.startsWith("<")) {
      return new FileKind("XML text", "of a storage service's error, perhaps: " + again(text));
    }
    if (lower.startsWith("{") || lower.startsWith("[")) {
      return new FileKind(JSON, "of a server's error or an index, perhaps: " + again(text));
    }
    return new FileKind("plain text", "of a server's error, perhaps: " + again(text));
  }

  private static String again(String text) {
    String start = text.length() > SHOWN_CHARS ? text.substring(0, SHOWN_CHARS) : text;
    return AGAIN + "; it begins " + Printable.quote(start.strip());
  }

  /** Returns whether it may be a broken index. */
  public boolean isJson() {
    return what.equals(JSON);
  }

  /**
   * Returns the end of a message that names the file.
   *
   * @param wanted what it should be, as in "safetensors"
   */
  public String insteadOf(String wanted) {
    return "this is not %s but %s: %s".formatted(wanted, what, remedy);
  }
}
