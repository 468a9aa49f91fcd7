// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who writes a plug-in that is a module can certify it in a build of their own, by the README. */
@Tag("slow")
@Timeout(600)
class OutsidePluginTests {
  private static final Path POM = Path.of("src", "outside-plugin", "pom.xml");
  private static final Path SAMPLE = Path.of("src", "sample-http");
  private static final Pattern PLUGIN = Pattern.compile("@(maven-[a-z]+-plugin)@");
  private static final String SUREFIRE = "<artifactId>maven-surefire-plugin</artifactId>";

  @TempDir private Path folder;

  @Test
  void theContractRunsInAProjectOutside() throws Exception {
    Maven maven = Maven.of(folder);
    Path project = Files.createDirectory(folder.resolve("project"));
    write(project);
    try (RangeServer server = new RangeServer()) {
      maven.run(project, "test", "-DargLine=-XX:TieredStopAtLevel=1 " + server.option());
      assertThat(server.requests()).isGreaterThan(100);
    }
    assertThat(project.resolve("target/surefire-reports/TEST-org.example.http.HttpBackendTest.xml"))
        .content()
        .contains("required_io103_rangesOfEveryShape", "required_p105")
        .containsPattern("tests=\"[4-9][0-9]\"")
        .contains("errors=\"0\"", "failures=\"0\"");
  }

  /**
   * The sample in Maven's layout, with the dependencies, the test and the plug-in of the README.
   */
  private static void write(Path project) throws IOException {
    copy(SAMPLE.resolve("java"), project.resolve("src/main/java"));
    copy(SAMPLE.resolve("resources"), project.resolve("src/main/resources"));
    Path test = project.resolve("src/test/java/org/example/http/HttpBackendTest.java");
    Files.createDirectories(test.getParent());
    Files.writeString(test, block("java", "extends IoBackendContract"));
    String version = "<version>" + Maven.version("maven-surefire-plugin") + "</version>";
    String pom =
        Files.readString(POM)
            .replace("@dependencies@", Readme.dependencies())
            .replace("@testkit@", block("xml", "fastsafetensors-testkit"))
            .replace(
                "@surefire@", block("xml", "useModulePath").replace(SUREFIRE, SUREFIRE + version));
    StringBuilder text = new StringBuilder();
    Matcher plugin = PLUGIN.matcher(pom);
    while (plugin.find()) {
      plugin.appendReplacement(text, Maven.version(plugin.group(1)));
    }
    Files.writeString(project.resolve("pom.xml"), plugin.appendTail(text));
  }

  private static String block(String language, String part) throws IOException {
    return Readme.block(language, text -> text.contains(part));
  }

  private static void copy(Path from, Path to) throws IOException {
    for (Path file : SamplePlugin.files(from)) {
      Path copy = to.resolve(from.relativize(file).toString());
      Files.createDirectories(copy.getParent());
      Files.copy(file, copy);
    }
  }
}
