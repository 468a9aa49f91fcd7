// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.testkit.CollectiveContract;
import io.fastsafetensors.testkit.CollectiveProviderContract;
import io.fastsafetensors.testkit.DeviceRuntimeContract;
import io.fastsafetensors.testkit.IoBackendContract;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The document of the rules, the contracts, the wrong plug-ins and the javadoc agree. */
final class RulesTests {
  private static final Path ROOT = Path.of("..");
  private static final Path DOCUMENT = ROOT.resolve("docs").resolve("spi-rules.md");
  private static final String NUMBER = "(?:P|D|IO|C)-[0-9]{3}";
  private static final Pattern RULE = Pattern.compile("^\\*\\*(" + NUMBER + ")\\*\\* ");
  private static final Pattern UNTESTED =
      Pattern.compile("^\\| (" + NUMBER + ") \\| all of it \\|");
  private static final Pattern CITED = Pattern.compile("\\b(" + NUMBER + ")\\b");
  private static final Pattern TEST =
      Pattern.compile("(?:required|optional)_([a-z]+)([0-9]+)_\\w+");

  @Test
  void noNumberIsGivenTwice() throws IOException {
    assertThat(found(RULE)).hasSizeGreaterThan(60).doesNotHaveDuplicates();
  }

  @Test
  void everyRuleHasATestOrAReasonWhyNot() throws IOException {
    Set<String> untested = new TreeSet<>(found(UNTESTED));
    assertThat(tested()).doesNotContainAnyElementsOf(untested);
    untested.addAll(tested());
    assertThat(untested).containsExactlyInAnyOrderElementsOf(found(RULE));
  }

  @Test
  void theFormOfAnIdIsWrittenAsTheCodeHasIt() throws IOException {
    assertThat(Files.readString(DOCUMENT).replaceAll("\\s+", " ").replace("`", ""))
        .contains("An id MUST be " + Provider.ID_FORM + ",");
  }

  @Test
  void everyTestOfAContractIsNamedAfterARule() {
    assertThat(tests().map(Method::getName)).allMatch(TEST.asMatchPredicate());
  }

  @Test
  void everyTestedRuleIsBrokenByAWrongPlugIn() {
    Set<String> broken =
        Stream.<Stream<? extends Wrong<?>>>of(
                WrongBackendsTests.wrong(),
                WrongReadersTests.wrong(),
                WrongTimingTests.wrong(),
                WrongEarlyRangesTests.wrong(),
                WrongOpenFilesTests.wrong(),
                WrongSessionsTests.wrong(),
                WrongRuntimesTests.wrong(),
                WrongGroupsTests.wrong())
            .flatMap(wrongs -> wrongs.map(Wrong::rule))
            .collect(Collectors.toSet());
    assertThat(broken).containsExactlyInAnyOrderElementsOf(tested());
  }

  @Test
  void rulesThatCodeAndDocumentsCiteExist() throws IOException {
    Set<String> rules = Set.copyOf(found(RULE));
    List<Path> files = citing();
    assertThat(files).hasSizeGreaterThan(100);
    for (Path file : files) {
      assertThat(rules).as("%s", file).containsAll(matches(CITED, Files.readString(file)));
    }
  }

  /** The documents, and the sources of all modules. */
  private static List<Path> citing() throws IOException {
    try (Stream<Path> folders = Files.list(ROOT)) {
      return folders
          .map(folder -> folder.endsWith("docs") ? folder : folder.resolve("src"))
          .filter(Files::isDirectory)
          .flatMap(RulesTests::textsUnder)
          .toList();
    }
  }

  private static Stream<Path> textsUnder(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().matches(".*\\.(java|md)")).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> found(Pattern pattern) throws IOException {
    return Files.readAllLines(DOCUMENT).stream()
        .flatMap(line -> matches(pattern, line).stream())
        .toList();
  }

  private static List<String> matches(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(match -> match.group(1)).toList();
  }

  private static Stream<Method> tests() {
    return Stream.of(
            CollectiveContract.class,
            CollectiveProviderContract.class,
            DeviceRuntimeContract.class,
            IoBackendContract.class)
        .flatMap(contract -> Arrays.stream(contract.getMethods()))
        .filter(RulesTests::isTest);
  }

  private static boolean isTest(Method method) {
    return Arrays.stream(method.getAnnotations())
        .anyMatch(a -> a.annotationType().getPackageName().equals("org.junit.jupiter.api"));
  }

  private static Set<String> tested() {
    return tests()
        .map(Method::getName)
        .flatMap(name -> TEST.matcher(name).results().map(RulesTests::rule))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String rule(MatchResult match) {
    return match.group(1).toUpperCase(Locale.ROOT) + "-" + match.group(2);
  }
}
