// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The Maven that runs this build, for projects outside it. It has a repository of its own, takes
 * our artifacts from where this build has put them and all else from what this build has
 * downloaded, and knows no network and none of the user's settings.
 */
final class Maven {
  /** Made by the build: see the module's pom. */
  private static final Path BUILT = Path.of("target", "repository").toAbsolutePath();

  private final Path command;
  private final Path settings;

  private Maven(Path command, Path settings) {
    this.command = command;
    this.settings = settings;
  }

  /** Finds it; skips the test where it is not known. The folder gets its settings. */
  static Maven of(Path folder) throws IOException {
    String home = System.getProperty("maven.home");
    String downloads = System.getProperty("maven.repository");
    assumeTrue(
        home != null && downloads != null,
        "a project outside needs Maven, and these tests were not started by it: no maven.home");
    String text =
        """
        <settings>
          <localRepository>%s</localRepository>
          <mirrors>
            <mirror><id>downloaded</id><mirrorOf>*,!built</mirrorOf><url>%s</url></mirror>
          </mirrors>
          <profiles>
            <profile>
              <id>built</id>
              <repositories>
                <repository>
                  <id>built</id>
                  <url>%s</url>
                  <snapshots><checksumPolicy>ignore</checksumPolicy></snapshots>
                </repository>
              </repositories>
            </profile>
          </profiles>
          <activeProfiles><activeProfile>built</activeProfile></activeProfiles>
        </settings>
        """
            .formatted(
                folder.resolve("repository"),
                Path.of(Objects.requireNonNull(downloads)).toUri(),
                BUILT.toUri());
    Path settings = Files.writeString(folder.resolve("settings.xml"), text);
    return new Maven(Path.of(Objects.requireNonNull(home), "bin", "mvn"), settings);
  }

  /** Runs it in a folder. */
  void run(Path folder, String... arguments) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of(command.toString(), "-B", "-ntp"));
    all.addAll(List.of("-s", settings.toString(), "-gs", settings.toString()));
    all.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(all).directory(folder.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder
        .environment()
        .put("MAVEN_OPTS", "--sun-misc-unsafe-memory-access=allow -XX:TieredStopAtLevel=1");
    builder.environment().put("MAVEN_SKIP_RC", "1");
    builder.environment().remove("MAVEN_ARGS");
    Jvm maven = Jvm.run(folder, builder);
    assertThat(maven.exit()).as("%s: %s", all, maven.output()).isZero();
  }

  /** Puts a jar without a pom into the repository. */
  void install(Path folder, Path jar, String group, String artifact, String version)
      throws IOException, InterruptedException {
    String plugin = "maven-install-plugin";
    run(
        folder,
        "org.apache.maven.plugins:" + plugin + ":" + version(plugin) + ":install-file",
        "-Dfile=" + jar,
        "-DgroupId=" + group,
        "-DartifactId=" + artifact,
        "-Dversion=" + version,
        "-Dpackaging=jar");
  }

  /** Returns the version of a plugin that this build uses, and so has downloaded. */
  static String version(String plugin) throws IOException {
    Pattern declared =
        Pattern.compile(
            "<artifactId>%s</artifactId>\\s*<version>(.*?)</version>"
                .formatted(Pattern.quote(plugin)));
    return declared
        .matcher(Files.readString(Path.of("..", "pom.xml")))
        .results()
        .map((MatchResult match) -> match.group(1))
        .findFirst()
        .orElseThrow(() -> new AssertionError("the parent pom has no version of " + plugin));
  }
}
