// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.format.HeaderFormatException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import java.nio.file.Path;

/**
 * What {@code check} says of a file or a checkpoint.
 *
 * @param path the file or checkpoint
 * @param line the line to print
 * @param good whether it is not rejected
 */
record Verdict(Path path, String line, boolean good) {
  /** Reads a file's header. */
  static Verdict of(Path file) {
    try {
      SafetensorsHeader.read(file);
      return ok(file);
    } catch (LoadException e) {
      return reject(file, e);
    }
  }

  /** Reads a file's header, if the file is not plainly something else by name and content. */
  static Verdict ofAny(Path file) {
    try {
      SafetensorsHeader.read(file);
      return ok(file);
    } catch (HeaderFormatException e) {
      boolean skipped = e.actualFormat().isPresent() && promisesOther(file, e);
      return skipped
          ? new Verdict(file, "skip " + file + ": " + e.actualFormat().get(), true)
          : reject(file, e);
    } catch (LoadException e) {
      return reject(file, e);
    }
  }

  /** An empty file tells nothing of what it should be; an extension does. */
  private static boolean promisesOther(Path file, HeaderFormatException e) {
    String name = file.getFileName().toString();
    boolean isEmpty = e.byteOffset() == 0 && e.rule().referenceName().equals("HeaderTooSmall");
    return !name.endsWith(".safetensors") && (!isEmpty || name.contains("."));
  }

  static Verdict ok(Path path) {
    return new Verdict(path, "ok " + path, true);
  }

  static Verdict reject(Path path, LoadException failure) {
    String rule = failure instanceof HeaderFormatException e ? e.rule().referenceName() : "IoError";
    // The exception's message starts with file and rule as well; once is enough.
    String message = withoutPrefix(Failures.message(failure), path + ": ");
    String reason = withoutPrefix(withoutPrefix(message, path + " "), rule + " ");
    return new Verdict(path, "reject " + rule + " " + path + ": " + reason, false);
  }

  private static String withoutPrefix(String text, String prefix) {
    return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
  }
}
