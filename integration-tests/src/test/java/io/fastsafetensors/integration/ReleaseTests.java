// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a release says of itself, in poms and documents, is what it has. */
class ReleaseTests {
  private static final Path ROOT = Path.of("..");
  private static final Path THIRD_PARTY = ROOT.resolve("THIRD-PARTY.md");
  private static final Pattern MODULE = Pattern.compile("<module>(.+)</module>");
  private static final Pattern OURS =
      Pattern.compile("<artifactId>(fastsafetensors-.+)</artifactId>");
  private static final Pattern JAR =
      Pattern.compile("(.+?)-(\\d.*?)(-(?:linux|windows|macosx)-.+)?\\.jar");
  private static final Pattern ROW =
      Pattern.compile("\\| `(?<group>.+?):(?<artifact>.+?)`(?<also>.*?) \\| (?<version>.+?) \\|.*");
  private static final Pattern TESTS = Pattern.compile("`(\\w+Tests)`");

  @Test
  void theBomHasEachModuleThatIsPublished() throws IOException {
    Set<String> published = new TreeSet<>();
    for (String module : all(MODULE, ROOT.resolve("pom.xml"))) {
      String pom = Files.readString(ROOT.resolve(module).resolve("pom.xml"));
      if (!module.equals("bom") && !pom.contains("<unpublished>true</unpublished>")) {
        Matcher own = OURS.matcher(pom.substring(pom.indexOf("</parent>")));
        assertThat(own.find()).as("artifact of %s", module).isTrue();
        published.add(own.group(1));
      }
    }
    List<String> listed = all(OURS, ROOT.resolve("bom/pom.xml"));
    listed.removeAll(List.of("fastsafetensors-parent", "fastsafetensors-bom"));
    assertThat(listed)
        .containsExactlyInAnyOrderElementsOf(published)
        .contains("fastsafetensors-api");
  }

  @Test
  void thirdPartyListsTheJarsOfTheDistribution() throws IOException {
    assertThat(listed()).isEqualTo(shipped()).hasSizeGreaterThan(15);
  }

  /** Artifact, version and classifier, as in the names of jars. */
  private static Set<String> shipped() throws IOException {
    Set<String> shipped = new TreeSet<>();
    for (Path folder : List.of(Distribution.LIB, Distribution.TESTKIT)) {
      try (Stream<Path> jars = Files.list(folder)) {
        jars.map(jar -> jar.getFileName().toString())
            .filter(jar -> !jar.startsWith("fastsafetensors-"))
            .forEach(shipped::add);
      }
    }
    assertThat(shipped).allMatch(jar -> JAR.matcher(jar).matches());
    return shipped;
  }

  private static Set<String> listed() throws IOException {
    Set<String> listed = new TreeSet<>();
    for (String line : Files.readAllLines(THIRD_PARTY)) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        String jar = row.group("artifact") + "-" + row.group("version");
        String also = row.group("also");
        if (!also.startsWith(" (")) {
          listed.add(jar + ".jar");
        }
        if (also.contains("linux-x86_64")) {
          listed.add(jar + "-linux-x86_64.jar");
        }
      }
    }
    return listed;
  }

  @Test
  void pagesNameTheVersionOfTheBuild() throws IOException {
    String revision =
        all(Pattern.compile("<revision>(.+)</revision>"), ROOT.resolve("pom.xml")).getFirst();
    Pattern example =
        Pattern.compile("<artifactId>fastsafetensors-.+</artifactId>\\s*<version>(.+)</version>");
    List<String> named = new ArrayList<>();
    for (Path page : Readme.pages()) {
      named.addAll(all(example, page));
    }
    assertThat(named).hasSizeGreaterThan(2).containsOnly(revision);
  }

  @Test
  void theTestsThatSecurityNamesAreThere() throws IOException {
    List<String> named = all(TESTS, ROOT.resolve("SECURITY.md"));
    assertThat(named).hasSizeGreaterThan(8);
    assertThat(testSources()).containsAll(named);
  }

  private static List<String> testSources() throws IOException {
    try (Stream<Path> files =
        Files.find(ROOT, 12, (file, _) -> file.toString().contains("src/test"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".java"))
          .map(name -> name.substring(0, name.length() - ".java".length()))
          .toList();
    }
  }

  private static List<String> all(Pattern pattern, Path file) throws IOException {
    return pattern
        .matcher(Files.readString(file))
        .results()
        .map(match -> match.group(1))
        .collect(Collectors.toCollection(ArrayList::new));
  }
}
