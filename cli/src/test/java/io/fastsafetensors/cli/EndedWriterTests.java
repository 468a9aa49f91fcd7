// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.cli.launch.JavaCommand;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ends writers from outside: no temporary file stays that nobody tells of. */
@Tag("slow")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EndedWriterTests {
  /** The JVM heeds no signal that was ignored when it started, as in the background of a shell. */
  private static final List<String> HEEDING_SIGNALS =
      List.of("env", "--default-signal=TERM,INT,HUP");

  private static final String NAME_OF_A_TEMPORARY_FILE =
      ".fastsafetensors-00000000-0000-0000-0000-000000000000.tmp";

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "HUP"})
  void aWriterThatIsToldToEndLeavesNothing(String signal) throws Exception {
    assumeTrue(knowsDefaultSignals(), "needs the env of GNU coreutils 8.31 or later");
    end(signal, HEEDING_SIGNALS);
    assertThat(temporaries("*")).isEmpty();
  }

  @Test
  void theNextWriteNamesWhatAKilledWriterLeft() throws Exception {
    end("KILL", List.of());
    List<Path> left = temporaries("*.tmp");
    assertThat(left).isNotEmpty();
    Fst next = FstProcess.run(folder, "make", folder.resolve("m"), "--bytes", "1KiB");
    assertThat(next.exit()).isZero();
    assertThat(next.errLines()).hasSameSizeAs(left);
    for (Path file : left) {
      assertThat(next.err()).contains(file + " was left by a writer that was killed: delete it");
    }
    assertThat(Fst.run("inspect", folder.resolve("m")).out())
        .contains(left.getFirst().getFileName() + "  a writer's temporary file");
  }

  @Test
  void theNextWriteDoesNotNameWhatIsBeingWritten() throws Exception {
    Process writer = startWriter(List.of());
    try {
      // It stays alive, and writes no more.
      signal(writer, "STOP");
      Fst other = FstProcess.run(folder, "make", folder.resolve("m"), "--bytes", "1KiB");
      assertThat(other.exit()).isZero();
      assertThat(other.err()).isEmpty();
    } finally {
      writer.destroyForcibly().waitFor();
    }
  }

  @ParameterizedTest
  @CsvSource({"'', 1, true", ".new, 1, false", ".new, 60, true"})
  void aFileIsLeftAloneUntilItsWriterMustHaveLockedIt(
      String suffix, long ageInSeconds, boolean named) throws Exception {
    Path file =
        Files.createDirectory(folder.resolve("m")).resolve(NAME_OF_A_TEMPORARY_FILE + suffix);
    Files.createFile(file);
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(ageInSeconds)));
    Fst next = FstProcess.run(folder, "make", folder.resolve("m"), "--bytes", "1KiB");
    assertThat(next.exit()).isZero();
    assertThat(next.err().contains(file + " was left")).isEqualTo(named);
  }

  private void end(String signal, List<String> prefix) throws Exception {
    Process writer = startWriter(prefix);
    try {
      signal(writer, signal);
      assertThat(writer.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      writer.destroyForcibly();
    }
  }

  private static void signal(Process process, String signal) throws Exception {
    String pid = Long.toString(process.pid());
    assertThat(new ProcessBuilder("kill", "-" + signal, pid).start().waitFor()).isZero();
  }

  /** Starts to write more than there is time for, and waits until it has begun. */
  private Process startWriter(List<String> prefix) throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(JavaCommand.of(Main.class));
    Path target = folder.resolve("m");
    command.addAll(List.of("make", target.toString(), "--bytes", "64GiB"));
    command.addAll(List.of("--tensors", "64", "--shards", "2"));
    Process writer =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("out").toFile())
            .start();
    while (writer.isAlive() && temporaries("*.tmp").isEmpty()) {
      Thread.onSpinWait();
    }
    assertThat(writer.isAlive()).as("the writer runs").isTrue();
    return writer;
  }

  private List<Path> temporaries(String end) throws IOException {
    List<Path> files = new ArrayList<>();
    if (Files.isDirectory(folder.resolve("m"))) {
      try (DirectoryStream<Path> found =
          Files.newDirectoryStream(folder.resolve("m"), ".fastsafetensors-" + end)) {
        found.forEach(files::add);
      }
    }
    return files;
  }

  private static boolean knowsDefaultSignals() throws Exception {
    List<String> command = new ArrayList<>(HEEDING_SIGNALS);
    command.add("true");
    return new ProcessBuilder(command).start().waitFor() == 0;
  }
}
