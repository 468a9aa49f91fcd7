// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** What the README tells users to copy. */
final class Readme {
  private static final Path FILE = Path.of("..", "README.md");

  private Readme() {}

  /** Returns the first block of code in a language that is as wanted. */
  static String block(String language, Predicate<String> wanted) throws IOException {
    return block(FILE, language, wanted);
  }

  /** Returns the first block of code in a document that is as wanted. */
  static String block(Path document, String language, Predicate<String> wanted) throws IOException {
    return Pattern.compile("```" + language + "\\n(.*?)```", Pattern.DOTALL)
        .matcher(Files.readString(document))
        .results()
        .map(block -> block.group(1))
        .filter(wanted)
        .findFirst()
        .orElseThrow(() -> new AssertionError("no such block of " + language + " in " + document));
  }

  /** Returns the dependencies of a Maven project. */
  static String dependencies() throws IOException {
    return block("xml", block -> block.startsWith("<dependency>"));
  }

  /** Returns the descriptor of a module that uses the library. */
  static String moduleDescriptor() throws IOException {
    return block("java", block -> block.startsWith("module "));
  }
}
