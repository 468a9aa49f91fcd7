// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Plug-ins from elsewhere than the paths of the JVM, side by side with loaders without them. */
@Tag("slow")
class DiscoveryTests {
  private static final SamplePlugin HTTP = SamplePlugin.named("sample-http");
  private static final SamplePlugin TCP = SamplePlugin.named("sample-tcp");
  private static final String NOT_FOUND = "asked, without: io.fastsafetensors.BackendUnavailable";

  @TempDir private Path folder;

  @Test
  void aLayerHasPlugInsOfItsOwn() throws Exception {
    try (RangeServer server = new RangeServer()) {
      Jvm jvm = run(server, "--module-path", "layer", HTTP.jar(folder));
      assertLoadedSideBySide(jvm, server);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--module-path", "--class-path"})
  void aChildClassLoaderHasPlugInsOfItsOwn(String path) throws Exception {
    try (RangeServer server = new RangeServer()) {
      Jvm jvm = run(server, path, "class-loader", HTTP.jar(folder));
      assertLoadedSideBySide(jvm, server);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--module-path", "--class-path"})
  void anInstanceIsUsedInsteadOfWhatIsFound(String path) throws Exception {
    try (RangeServer server = new RangeServer()) {
      Jvm jvm = run(server, path, "instance", HTTP.jar(folder));
      assertLoadedSideBySide(jvm, server);
      assertThat(jvm.output())
          .contains(
              "backend example-http, unavailable: refused: id 'example-http' is taken by an"
                  + " instance of org.example.http.HttpBackend");
    }
  }

  private static void assertLoadedSideBySide(Jvm jvm, RangeServer server) {
    assertThat(jvm.exit()).as(jvm.output()).isZero();
    assertThat(jvm.output().lines().map(String::strip))
        .contains("with [a0]", "without [a0]", "asked, with: [a0]")
        .anyMatch(line -> line.startsWith("with:") && line.contains("example-http, available"))
        .anyMatch(line -> line.startsWith("with:") && line.contains("a.safetensors: example-http"))
        .anyMatch(line -> line.startsWith("without:") && line.contains("a.safetensors: cpu"))
        .anyMatch(line -> line.startsWith(NOT_FOUND) && line.contains("was not found"))
        .noneMatch(line -> line.startsWith("without:") && line.contains("example-http"));
    assertThat(server.requests()).isPositive();
  }

  @Test
  void groupsTakeTheirCollectiveFromALayer() throws Exception {
    try (RangeServer server = new RangeServer()) {
      Jvm jvm = run(server, "--module-path", "group", TCP.jar(folder));
      assertThat(jvm.exit()).as(jvm.output()).isZero();
      assertThat(jvm.output())
          .contains("rank 0 met 2", "rank 1 met 2")
          .contains("'example-tcp', asked for for groups on cpu, was not found");
    }
  }

  @Test
  void aLayerThatUsesAnotherCopyOfTheLibraryIsRefusedWithTheRemedy() throws Exception {
    List<Path> jars = new ArrayList<>(List.of(HTTP.jar(folder)));
    for (String jar : Distribution.jars("api").split(File.pathSeparator, -1)) {
      jars.add(Path.of(jar));
    }
    try (RangeServer server = new RangeServer()) {
      Jvm jvm = run(server, "--class-path", "probe-layer", jars.toArray(Path[]::new));
      assertThat(jvm.exit()).as(jvm.output()).isZero();
      assertThat(jvm.output())
          .contains("device host, available")
          .contains(
              "backend ?, unavailable: refused: ",
              "module org.example.http uses another copy of this library")
          .doesNotContain("backend example-http, available");
    }
  }

  /** Runs the program with our jars on a path, and others on none. */
  private Jvm run(RangeServer server, String path, String what, Path... jars) throws Exception {
    ReadmeProgram.writeSamples(folder);
    String ours = Distribution.jars("api", "backend-cpu");
    String tests = Path.of("target", "test-classes").toAbsolutePath().toString();
    List<String> arguments = new ArrayList<>(List.of(server.option()));
    arguments.addAll(
        path.equals("--class-path")
            ? List.of("-cp", ours + File.pathSeparator + tests)
            : List.of("--module-path", ours, "--add-modules", "ALL-MODULE-PATH", "-cp", tests));
    arguments.addAll(List.of(DiscoveryProgram.class.getName(), what));
    arguments.add(folder.resolve("a.safetensors").toString());
    Arrays.stream(jars).map(Path::toString).forEach(arguments::add);
    return Jvm.run(folder, arguments);
  }
}
