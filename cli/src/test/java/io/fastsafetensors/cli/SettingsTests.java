// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings from outside, as whoever starts the command gives them. */
@Tag("slow")
class SettingsTests {
  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void write() throws Exception {
    file = folder.resolve("a.safetensors");
    Samples.write(file, "a0", DType.F32, Shape.of(2, 2));
  }

  @Test
  void variablesGoBeforeTheFileAndArgumentsBeforeBoth() throws Exception {
    Path config = Files.writeString(folder.resolve("fst.properties"), "load.filters=nobody\n");
    Map<String, String> outside = Map.of("FST_CONFIG", config.toString());
    assertThat(FstProcess.run(folder, outside, "digest", file).err()).contains("nobody");
    Map<String, String> both = Map.of("FST_CONFIG", config.toString(), "FST_LOAD_FILTERS", " a*");
    assertThat(FstProcess.run(folder, both, "digest", file).out()).contains("a0");
    Fst argument = FstProcess.run(folder, outside, "digest", "--filter", "a*", file);
    assertThat(argument.out()).contains("a0");
  }

  @ParameterizedTest
  @CsvSource({
    "FST_LOAD_TREADS, 1, FST_LOAD_THREADS",
    "FST_LOAD_THREADS, lots, environment variable FST_LOAD_THREADS",
    "FST_CONFIG, /no/such/file, no such file",
    "FST_CPU, perhaps, 'auto, on, off'"
  })
  void aMistakeIsACallThatMakesNoSense(String name, String value, String hint) throws Exception {
    for (String command : new String[] {"load", "inspect"}) {
      Fst fst = FstProcess.run(folder, Map.of(name, value), command, file);
      assertThat(fst.exit()).isEqualTo(2);
      assertThat(fst.errLines()).singleElement().asString().startsWith("fst: ").contains(hint);
    }
    Fst doctor = FstProcess.run(folder, Map.of(name, value), "doctor");
    assertThat(doctor.exit()).isEqualTo(2);
    assertThat(doctor.outLines())
        .anyMatch(line -> line.startsWith("problem ") && line.contains(hint));
  }

  @Test
  void theDoctorSaysWhatIsInForceAndWhoSetIt() throws Exception {
    Map<String, String> outside = Map.of("FST_LOAD_THREADS", "3", "FST_GROUP_TOKEN", "hush");
    Fst fst = FstProcess.run(folder, outside, "doctor");
    assertThat(fst.exit()).isZero();
    assertThat(fst.out()).doesNotContain("hush");
    assertThat(fst.outLines())
        .anyMatch(line ->
            line.matches(
                "setting +load.threads +3 \\(set by environment variable FST_LOAD_THREADS\\)"))
        .anyMatch(line -> line.matches("setting +load.path +auto \\(default\\)"))
        .anyMatch(line -> line.matches("setting +trackLeaks +false \\(default\\)"));
    Fst json = FstProcess.run(folder, outside, "doctor", "--json");
    assertThat(json.out())
        .contains("\"name\":\"load.threads\",\"value\":\"3\"")
        .contains("\"origin\":\"environment variable FST_LOAD_THREADS\"")
        .doesNotContain("hush");
  }

  @Test
  void anUnknownPropertyOfALoadNamesTheNearest() throws Exception {
    Fst fst = FstProcess.run(folder, "load", "--property", "cpu.nothing=1", file);
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.err()).contains("'cpu.nothing'", "is unknown", "nearest");
    assertThat(FstProcess.run(folder, "load", "--property", "cpu=on", file).exit()).isZero();
  }
}
