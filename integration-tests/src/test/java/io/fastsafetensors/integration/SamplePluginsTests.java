// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Strangers' plug-ins, built against the jars alone, are certified or refused with the rule. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT) // each runs programs, which mostly wait
class SamplePluginsTests {
  private static final SamplePlugin HTTP = SamplePlugin.named("sample-http");
  private static final SamplePlugin SPI = SamplePlugin.named("sample-spi");
  private static final SamplePlugin STAGING = SamplePlugin.named("sample-staging");
  private static final SamplePlugin TCP = SamplePlugin.named("sample-tcp");

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"--module-path", "--class-path"})
  void theBackendIsCertified(String path) throws Exception {
    Path report = folder.resolve("http.md");
    try (RangeServer server = new RangeServer()) {
      Jvm fst =
          certify(server, path, HTTP.jar(folder), "--backend", "example-http", "--report", report);
      assertThat(fst.output())
          .contains(
              "backend example-http on cpu: certified: ",
              "backend example-http on sim:0 (simulated): certified: ",
              "2 certified, 0 refused");
      assertThat(fst.exit()).as(fst.output()).isZero();
      assertThat(server.requests()).isGreaterThan(100);
    }
    assertThat(report).content().contains("## backend example-http on cpu", "| IO-105 | ");
  }

  @Test
  void theBackendOnTheBareSpiIsCertified() throws Exception {
    try (RangeServer server = new RangeServer()) {
      Jvm fst = certify(server, "--module-path", SPI.jar(folder), "--backend", "example-spi");
      assertThat(fst.output()).contains("1 certified, 0 refused");
      assertThat(fst.exit()).as(fst.output()).isZero();
    }
  }

  @Test
  void theBackendForAnotherDeviceIsCertified() throws Exception {
    try (RangeServer server = new RangeServer()) {
      Path jar = STAGING.jar(folder);
      Jvm fst = certify(server, "--module-path", jar, "--backend", "example-staging");
      assertThat(fst.output())
          .contains(
              "backend example-staging on sim:0 (simulated): certified: ",
              "1 certified, 0 refused");
      assertThat(fst.exit()).as(fst.output()).isZero();
    }
  }

  @Test
  void theCollectiveIsCertified() throws Exception {
    try (RangeServer server = new RangeServer()) {
      Jvm fst = certify(server, "--module-path", TCP.jar(folder), "--collective", "example-tcp");
      assertThat(fst.output())
          .contains(
              "collective example-tcp on cpu: certified: ",
              "collective example-tcp on sim:0 (simulated): certified: ",
              "2 certified, 0 refused");
      assertThat(fst.exit()).as(fst.output()).isZero();
    }
  }

  @Test
  void aBackendThatForgetsTheAlignmentIsRefusedByTheRule() throws Exception {
    Mutation forgetful =
        Mutation.spi("IO-108", "forgets it", "Math.max(64, options.alignment())", "64");
    Path jar = SPI.jar(folder, forgetful);
    Path report = folder.resolve("spi.xml");
    try (RangeServer server = new RangeServer()) {
      Jvm fst =
          certify(server, "--module-path", jar, "--backend", "example-spi", "--report", report);
      assertThat(fst.output()).contains("refused, it breaks IO-108: ", "[IO-108] ");
      assertThat(fst.exit()).isEqualTo(1);
    }
    assertThat(report).content().contains("<failure message=\"[IO-108] ");
  }

  @Test
  void aJarThatIsAddedServesAProgramThatWasNotChanged() throws Exception {
    ReadmeProgram example = ReadmeProgram.named("Example");
    ReadmeProgram.writeSamples(folder);
    String ours = Distribution.jars("api", "backend-cpu");
    try (RangeServer server = new RangeServer()) {
      Jvm without = example.run(folder, ours, server.option());
      assertThat(without.output()).contains("a0 F16 [16, 8]", "cpu").doesNotContain("by HTTP");
      assertThat(server.requests()).isZero();
      String more = ours + File.pathSeparator + HTTP.jar(folder);
      Jvm with = example.run(folder, more, server.option());
      assertThat(with.output()).contains("a0 F16 [16, 8]", "b0 F16 [16, 8]", "by HTTP");
      assertThat(server.requests()).isPositive();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--module-path", "--class-path"})
  void eachCommandTakesAJarThatIsAdded(String path) throws Exception {
    ReadmeProgram.writeSamples(folder);
    String jar = HTTP.jar(folder).toString();
    String file = folder.resolve("a.safetensors").toString();
    try (RangeServer server = new RangeServer()) {
      List<String> options = List.of(server.option());
      Jvm load =
          Distribution.fst(
              folder, options, "load", path, jar, "--backend", "example-http", "--json", file);
      assertThat(load.exit()).as(load.output()).isZero();
      assertThat(load.output()).contains("\"backend\":\"example-http\"");
      assertThat(server.requests()).isPositive();
      Jvm doctor = Distribution.fst(folder, options, path, jar, "doctor");
      assertThat(doctor.output()).contains("example-http");
      Jvm launch = Distribution.fst(folder, options, "launch", path, jar, "-n", "2", "doctor");
      assertThat(launch.output()).containsPattern("\\[0] .*example-http");
      assertThat(launch.output()).containsPattern("\\[1] .*example-http");
    }
    Jvm without = Distribution.fst(folder, List.of(), "load", "--backend", "example-http", file);
    assertThat(without.exit()).isEqualTo(1);
    assertThat(without.output()).contains("was not found: add its jar to the module path");
  }

  /** Neither a descriptor nor a service file offers it on the path that is given. */
  @ParameterizedTest
  @CsvSource({
    "--module-path, provides io.fastsafetensors.spi.IoBackend with",
    "--class-path, META-INF/services/io.fastsafetensors.spi.IoBackend"
  })
  void aJarThatDoesNotOfferItsPlugInIsNamedWithWhatItTakes(String path, String takes)
      throws Exception {
    ReadmeProgram.writeSamples(folder);
    Mutation silent =
        Mutation.spi("P-105", "offers nothing", "provides", "uses")
            .and("IoBackend with\n      org.example.http.HttpBackend;", "IoBackend;")
            .and("org.example.http.HttpBackend", "# nothing");
    Path jar = HTTP.jar(folder, silent);
    String file = folder.resolve("a.safetensors").toString();
    for (List<String> command :
        List.of(
            List.of("load", path, jar.toString(), "--backend", "example-http", file),
            List.of("certify", path, jar.toString(), "--backend", "example-http"))) {
      Jvm fst = Distribution.fst(folder, List.of(), command.toArray(String[]::new));
      assertThat(fst.exit()).as(fst.output()).isEqualTo(1);
      assertThat(fst.output())
          .contains(
              jar + " offers no plug-in, though its class org.example.http.HttpBackend is one")
          .containsOnlyOnce(takes);
    }
  }

  @Test
  void samplesAreSmall() throws Exception {
    for (SamplePlugin sample : List.of(HTTP, SPI, STAGING, TCP)) {
      assertThat(sample.linesOfCode()).as("%s", sample).isLessThan(200);
      for (Path source : sample.sources()) {
        assertThat(Files.readString(source)).doesNotContain("fastsafetensors.internal");
      }
    }
  }

  private Jvm certify(RangeServer server, String path, Path jar, Object... arguments)
      throws Exception {
    List<String> all =
        Stream.concat(
                Stream.of("certify", path, jar.toString()),
                Arrays.stream(arguments).map(Object::toString))
            .toList();
    List<String> options = List.of(server.option(), server.option("example-spi"));
    return Distribution.fst(folder, options, all.toArray(String[]::new));
  }
}
