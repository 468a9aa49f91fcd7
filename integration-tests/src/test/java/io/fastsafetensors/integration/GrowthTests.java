// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data gets a component more, and what was written or built before goes on. */
@Tag("slow")
class GrowthTests {
  private static final SamplePlugin HTTP = SamplePlugin.named("sample-http");
  private static final SamplePlugin TCP = SamplePlugin.named("sample-tcp");

  @TempDir private static Path folder;
  private static GrownApi api;
  private static Path jar;

  @BeforeAll
  static void grow() throws IOException {
    api = GrownApi.make();
    jar = api.jar(Files.createDirectory(folder.resolve("grown")));
  }

  @Test
  void allDataIsGrown() {
    assertThat(api.classes())
        .contains(
            "LoadOptions",
            "LoadReport",
            "FileReport",
            "PluginReport",
            "ConversionReport",
            "DTypeRule",
            "GroupConfig",
            "LeftOut",
            "Reason",
            "SafetensorsHeader",
            "Available",
            "Unavailable",
            "DeviceInfo",
            "IoOptions",
            "LoadedRanges",
            "MemoryInfo",
            "RangePlan",
            "TransferStats",
            "MemoryLimit",
            "DescriptorLimit",
            "Rules");
  }

  @Test
  void samplesAndProgramsCompileUnchanged() throws Exception {
    Path target = Files.createDirectory(folder.resolve("compiled"));
    String path = Distribution.compilePath().replace(original(), jar.toString());
    assertThat(HTTP.jar(target, path)).exists();
    assertThat(TCP.jar(target, path)).exists();
    ReadmeProgram.writeSamples(target);
    Jvm program = ReadmeProgram.named("Example").run(target, modulePath());
    assertThat(program.output()).contains("a0 F16 [16, 8]");
    assertThat(program.exit()).isZero();
  }

  @Test
  void jarsThatWereBuiltBeforeRun() throws Exception {
    Path target = Files.createDirectory(folder.resolve("before"));
    Path http = HTTP.jar(target);
    Path tcp = TCP.jar(target);
    Path lib = distribution();
    try (RangeServer server = new RangeServer()) {
      ReadmeProgram.writeSamples(target);
      Jvm program =
          ReadmeProgram.named("Example")
              .run(target, modulePath() + File.pathSeparator + http, server.option());
      assertThat(program.output()).contains("a0 F16 [16, 8]", "by HTTP");
      for (Path plugin : List.of(http, tcp)) {
        Jvm certify =
            Distribution.fst(
                lib,
                target,
                List.of(server.option()),
                "certify",
                "--module-path",
                plugin.toString(),
                plugin.equals(http) ? "--backend" : "--collective",
                plugin.equals(http) ? "example-http" : "example-tcp",
                "--rule",
                plugin.equals(http) ? "IO-10" : "C-101");
        assertThat(certify.output()).contains(" passed").doesNotContain("Error", "refused, it");
        assertThat(certify.exit()).as(certify.output()).isZero();
      }
    }
  }

  private static String modulePath() throws IOException {
    return Distribution.jars("api", "backend-cpu").replace(original(), jar.toString());
  }

  private static String original() throws IOException {
    return Distribution.jars("api").split(File.pathSeparator, -1)[1];
  }

  /** Copies the jars of the command and the testkit, all but the API's. */
  private static Path distribution() throws IOException {
    for (Path from : List.of(Distribution.LIB, Distribution.TESTKIT)) {
      Path to = Files.createDirectories(folder.resolve("dist").resolve(from.getFileName()));
      for (Path each : SamplePlugin.files(from)) {
        boolean isApi = each.toString().equals(original());
        Files.copy(isApi ? jar : each, to.resolve(each.getFileName()));
      }
    }
    return folder.resolve("dist").resolve(Distribution.LIB.getFileName());
  }
}
