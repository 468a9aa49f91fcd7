// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * A small text file in which the kernel tells numbers.
 *
 * @param lines its lines; none where there is no such file
 */
record SystemFile(List<String> lines) {
  private static final Pattern BLANKS = Pattern.compile("\\s+");

  static SystemFile read(Path file) {
    try {
      // Names of mount points may be any bytes; those that are no text must not hide the others.
      return new SystemFile(new String(Files.readAllBytes(file), UTF_8).lines().toList());
    } catch (IOException e) {
      return new SystemFile(List.of());
    }
  }

  /** Returns the word after a key at the start of a line; an empty key means the first word. */
  Optional<String> word(String key) {
    return lines.stream()
        .filter(line -> line.startsWith(key))
        .map(line -> BLANKS.split(line.substring(key.length()).strip(), 2)[0])
        .findFirst();
  }

  /** Returns the number after a key; empty if there is none, such as where it says "max". */
  OptionalLong number(String key) {
    try {
      Optional<String> word = word(key).filter(text -> text.chars().allMatch(Character::isDigit));
      return word.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(word.get()));
    } catch (NumberFormatException e) {
      return OptionalLong.empty(); // more than a long can hold is no limit
    }
  }

  /** Returns the number after the first of the keys that has one, or 0. */
  long firstNumber(String... keys) {
    for (String key : keys) {
      OptionalLong number = number(key);
      if (number.isPresent()) {
        return number.getAsLong();
      }
    }
    return 0;
  }
}
