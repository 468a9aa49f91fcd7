// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.prose;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The rules that documents keep, beside CONTRIBUTING's. A new rule needs a sample in {@code
 * ProseTests} that breaks it.
 *
 * @param mostWords how long a sentence may be
 * @param isTimeless whether the document tells what is, not what was or what has become of it
 */
record HouseStyle(int mostWords, boolean isTimeless) {
  /** Of pages that tell what is. */
  static final HouseStyle PAGE = new HouseStyle(45, true);

  /** Of rules in the words of a standard, whose sentences list what must be. */
  static final HouseStyle RULES = new HouseStyle(65, true);

  /** Of what was measured, tried or decided one day. */
  static final HouseStyle DATED = new HouseStyle(60, false);

  private static final int MOST_CHARACTERS = 132;

  private static final Pattern HISTORY =
      words(
          "now|nowadays|no longer|not any ?more|currently|formerly|previously|recently|"
              + "(?:is|are|was|were|had|has) used to|used to (?:be|have|take|need)|so far unlike");

  private static final Pattern FILLER =
      words(
          "simply|easily|obviously|basically|of course|in order to|very|quite|really|"
              + "please note|note that|it should be noted|utili[sz]es?|leverages?|seamless(?:ly)?|"
              + "powerful|robust|blazing(?:ly)?|state of the art|cutting.edge");

  private static final Pattern TWICE = words("(\\w+) \\1");

  /** By what a thing is called, what it isn't. */
  private static final Map<String, Pattern> NAMES =
      Map.of(
          "plug-in", words("plugins?"),
          "file system", words("file-?systems?"),
          "folder", words("(?<!working )director(?:y|ies)"),
          "staging", words("bounce buffers?"),
          "command line", words("commandlines?"),
          "back-end, front-end: one of the backends by id", words("back-ends?"),
          "page cache", words("pagecache|buffer cache"),
          "control group", words("c-?groups?"),
          "host memory", words("system ram|main memory"));

  private static Pattern words(String alternatives) {
    return Pattern.compile(
        "(?<![\\w`-])(?:" + alternatives + ")(?![\\w`-])", Pattern.CASE_INSENSITIVE);
  }

  /** Returns a line for each thing in a document that breaks a rule. */
  List<String> faults(String document) {
    List<String> faults = new ArrayList<>();
    for (ProseText piece : ProseText.of(document)) {
      String at = "line " + piece.line() + ": ";
      find(FILLER, piece).forEach(word -> faults.add(at + "leave out: " + word));
      find(TWICE, piece).forEach(word -> faults.add(at + "a word twice: " + word));
      NAMES.forEach((name, others) ->
          find(others, piece).forEach(word -> faults.add(at + "is called " + name + ": " + word)));
      if (isTimeless) {
        find(HISTORY, piece).forEach(word -> faults.add(at + "tells a history: " + word));
      }
      if (!piece.isCell()) {
        piece.sentences().stream()
            .filter(sentence -> sentence.split("\\s+").length > mostWords)
            .forEach(sentence ->
                faults.add(at + "a sentence of more than " + mostWords + " words: " + sentence));
      }
    }
    List<String> lines = document.lines().toList();
    boolean isCode = false;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      isCode ^= line.startsWith("```");
      if (!isCode && !line.startsWith("|") && line.length() > MOST_CHARACTERS) {
        faults.add("line " + (i + 1) + ": more than " + MOST_CHARACTERS + " characters");
      }
    }
    return faults;
  }

  private static List<String> find(Pattern rule, ProseText piece) {
    return rule.matcher(piece.text())
        .results()
        .map(MatchResult::group)
        .filter(found -> !found.matches("[\\d.]+ [\\d.]+"))
        .toList();
  }
}
