// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.saves;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that saves over a checkpoint may be killed at any moment: what is there is whole. Runs
 * 8 times; the property {@code kills} says how often else.
 */
@Tag("slow")
class KilledSaveTests {
  private static final int KILLS = Integer.getInteger("kills", 8);

  @TempDir private Path folder;

  @Test
  void leavesTheOldCheckpointOrTheNewOne() throws Exception {
    Random random = new Random(Long.getLong("seed", 24));
    new Generation(1, 2).save(folder);
    int leftovers = 0;
    for (int i = 0; i < KILLS; i++) {
      int before = Generation.read(folder);
      int last = killed(random, before);
      int found = Generation.read(folder);
      assertThat(found).as("kill %s", i).isIn(last, last % 127 + 1);
      assertThat(Generation.readAsTransformers(folder)).as("kill %s", i).isIn(last, last % 127 + 1);
      leftovers += hidden().isEmpty() ? 0 : 1;
      if (i % 2 == 1) { // else the next process comes upon what this one left
        new Generation(found % 127 + 1, 1 + i % 3).save(folder);
        assertThat(Generation.read(folder)).isEqualTo(found % 127 + 1);
        assertThat(names()).hasSizeLessThanOrEqualTo(4).noneMatch(name -> name.startsWith("."));
      }
    }
    new Generation(127, 1).save(folder);
    assertThat(names()).containsExactly("model.safetensors");
    assertThat(leftovers).as("kills in the midst of a save").isPositive();
  }

  /** Returns the last generation that was saved when the process was killed. */
  private int killed(Random random, int before) throws IOException, InterruptedException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            SavingProgram.class.getName(),
            folder.toString(),
            Long.toString(random.nextLong()),
            Integer.toString(before));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    int last = before;
    try (BufferedReader output = process.inputReader()) {
      last = Integer.parseInt(output.readLine());
      var _ = process.waitFor(random.nextInt(200_000), TimeUnit.MICROSECONDS);
      process.toHandle().destroyForcibly(); // the process' own would close its output
      process.waitFor();
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        last = Integer.parseInt(line);
      }
    } finally {
      process.destroyForcibly();
    }
    return last;
  }

  private List<String> hidden() throws IOException {
    return names().stream().filter(name -> name.startsWith(".")).toList();
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
