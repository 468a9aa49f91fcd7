// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who follows the README with Maven gets a program that loads, by whatever backend is there. */
@Tag("slow")
@Timeout(600)
class OutsideProjectTests {
  private static final String SAMPLE =
      """
      <dependency>
        <groupId>org.example</groupId>
        <artifactId>example-http</artifactId>
        <version>1</version>
        <scope>runtime</scope>
      </dependency>
      """;

  @TempDir private Path folder;

  @Test
  void loadsByOurBackendAndByAStrangersThatIsOneMoreDependency() throws Exception {
    Maven maven = Maven.of(folder);
    Path files = Files.createDirectory(folder.resolve("files"));
    ReadmeProgram.writeSamples(files);
    OutsideProject project = OutsideProject.in(Files.createDirectory(folder.resolve("project")));
    try (RangeServer server = new RangeServer()) {
      maven.run(project.folder(), "package");
      assertThat(project.jars().stream().map(OutsideProjectTests::artifact))
          .containsExactly(
              "fastsafetensors-api", "fastsafetensors-backend-cpu", "jackson-core", "jspecify");
      ours(project.jars());
      assertThat(project.run(server.option(), files))
          .contains("a0 F16 [16, 8]", "b0 F16 [16, 8]", "a.safetensors: cpu, 256 bytes mapped");
      assertThat(server.requests()).isZero();

      Path sample = SamplePlugin.named("sample-http").jar(folder);
      maven.install(folder, sample, "org.example", "example-http", "1");
      project.dependOn(Readme.dependencies() + SAMPLE);
      maven.run(project.folder(), "package");
      assertThat(project.run(server.option(), files))
          .contains(
              "a0 F16 [16, 8]", "b0 F16 [16, 8]", "a.safetensors: example-http, 256 bytes buffered")
          .doesNotContain(": cpu, ");
      assertThat(server.requests()).isPositive();
    }
  }

  private static String artifact(Path jar) {
    return jar.getFileName().toString().replaceFirst("-[0-9].*", "");
  }

  /** Fails if what Maven found is not what this build made, but an older one from elsewhere. */
  private static void ours(List<Path> jars) {
    assertThat(jars)
        .filteredOn(jar -> artifact(jar).startsWith("fastsafetensors-"))
        .allSatisfy(jar ->
            assertThat(jar).hasSameBinaryContentAs(Distribution.LIB.resolve(jar.getFileName())));
  }
}
