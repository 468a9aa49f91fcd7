// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.config;

import io.fastsafetensors.internal.config.Sources.Value;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** A file of settings: Java's properties format in UTF-8. */
final class ConfigFile {
  private static final long MOST_BYTES = 1 << 20;

  private final String file;
  private final Map<String, Value> values = new LinkedHashMap<>();

  private ConfigFile(String file) {
    this.file = file;
  }

  /**
   * Reads a file.
   *
   * @param file its path
   * @param origin who named it
   * @return the values by name, each with file and line
   * @throws IllegalArgumentException if it can't be read, a line is malformed or names another such
   *     file, or a name stands in it twice; it names file and line
   */
  static Map<String, Value> read(String file, String origin) {
    ConfigFile read = new ConfigFile(file);
    read.addAll(text(file, origin));
    return read.values;
  }

  private static String text(String file, String origin) {
    String what = "configuration file " + file + ", named by " + origin + ": ";
    try {
      Path path = Path.of(file);
      if (Files.exists(path) && !Files.isRegularFile(path)) {
        throw new IllegalArgumentException(what + "no regular file");
      }
      if (Files.size(path) > MOST_BYTES) {
        throw new IllegalArgumentException(
            what + Files.size(path) + " bytes, which is more than " + MOST_BYTES);
      }
      String text = Files.readString(path, StandardCharsets.UTF_8);
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(what + "no such file", e);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(what + "not UTF-8", e);
    } catch (InvalidPathException | IOException e) {
      throw new IllegalArgumentException(what + "can't be read: " + e.getMessage(), e);
    }
  }

  private void addAll(String text) {
    List<String> lines = text.lines().toList();
    for (int first = 0, next; first < lines.size(); first = next) {
      StringBuilder entry = new StringBuilder(lines.get(first));
      next = first + 1;
      while (isContinued(entry) && !isComment(entry) && next < lines.size()) {
        entry.append('\n').append(lines.get(next++));
      }
      add(entry.toString(), first + 1);
    }
  }

  private static boolean isComment(CharSequence entry) {
    return entry.toString().stripLeading().matches("(?s)[#!].*");
  }

  /** A line that ends with an odd number of backslashes goes on in the next. */
  private static boolean isContinued(CharSequence entry) {
    int backslashes = 0;
    while (backslashes < entry.length() && entry.charAt(entry.length() - 1 - backslashes) == '\\') {
      backslashes++;
    }
    return backslashes % 2 == 1;
  }

  private void add(String entry, int line) {
    Properties parsed = new Properties();
    String place = file + ":" + line;
    try {
      parsed.load(new StringReader(entry));
    } catch (IOException | IllegalArgumentException e) {
      throw new IllegalArgumentException(place + ": " + e.getMessage(), e);
    }
    for (String name : parsed.stringPropertyNames()) {
      if (name.equals(CommonSettings.CONFIG.name())) {
        throw new IllegalArgumentException(
            place + ": '" + name + "' can't be set by a configuration file: one file has all");
      }
      Value first = values.putIfAbsent(name, new Value(parsed.getProperty(name), place));
      if (first != null) {
        throw new IllegalArgumentException(
            place + ": '" + name + "' was set before, at " + first.origin());
      }
    }
  }
}
