// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class JavaCommandTests {
  /** A program that prints how it would start another. */
  static final class Printing {
    private Printing() {}

    public static void main(String[] of) {
      Class<?> main = of[0].equals("itself") ? Printing.class : LaunchingProgram.class;
      JavaCommand.of(main).forEach(System.out::println);
    }
  }

  private static List<String> command(String classPath, String of) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Xmx99m",
                "-cp",
                classPath,
                Printing.class.getName(),
                of)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<String> lines = process.inputReader().readAllLines();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return lines.subList(1, lines.size());
  }

  private static String classPath() {
    return Path.of("target", "test-classes") + File.pathSeparator + Path.of("target", "classes");
  }

  @Test
  void anotherJvmHasTheOptionsOfThisOne() throws Exception {
    assertThat(command(classPath(), "itself"))
        .containsExactly(
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-Xmx99m",
            "-cp",
            classPath(),
            Printing.class.getName());
  }

  /** The JDK tells no command line that is longer than a page. */
  @Test
  void aLongClassPathLosesNoOption() throws Exception {
    String longPath = classPath() + (File.pathSeparator + "absent/folder.jar").repeat(1000);
    assertThat(command(longPath, "itself")).hasSize(6).contains("-Xmx99m", longPath);
  }

  @Test
  void anotherProgramKeepsWhatAllowsNativeCodeAndHowItIsCompiled() throws Exception {
    assertThat(command(classPath(), "another"))
        .containsExactly(
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            classPath(),
            LaunchingProgram.class.getName());
  }
}
