// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.DType;
import io.fastsafetensors.SafetensorsHeader;
import io.fastsafetensors.SafetensorsWriter;
import io.fastsafetensors.Shape;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs in the README compile without a warning, run, and print what they should. */
class ReadmeTests {
  private static final Path README = Path.of("..", "README.md");
  private static final Pattern PROGRAM =
      Pattern.compile("```java\\n(.*?public class (\\w+) .*?)```", Pattern.DOTALL);

  @TempDir Path folder;

  @Test
  void theExampleLoadsTwoFiles() throws Exception {
    sample("a.safetensors", "a0");
    sample("b.safetensors", "b0");
    assertThat(run("Example"))
        .contains("a0 F16 [16, 8]", "b0 F16 [16, 8]", "bytes to cpu", "a.safetensors: ");
  }

  @Test
  void theWriteExampleWritesAFile() throws Exception {
    run("WriteExample");
    assertThat(SafetensorsHeader.read(folder.resolve("weights.safetensors")).metadata())
        .containsEntry("format", "pt");
  }

  private void sample(String file, String tensor) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      new SafetensorsWriter()
          .add(tensor, DType.F16, Shape.of(16, 8), arena.allocate(256))
          .write(folder.resolve(file));
    }
  }

  private String run(String name) throws Exception {
    compile(name);
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path") + System.getProperty("path.separator") + folder,
            "--enable-native-access=ALL-UNNAMED",
            name,
            folder.toString());
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor()).as(Files.readString(output)).isZero();
    return Files.readString(output);
  }

  private void compile(String name) throws IOException {
    Path source = folder.resolve(name + ".java");
    Files.writeString(source, program(name));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter errors = new StringWriter();
    List<String> options =
        List.of(
            "-Xlint:all,-path,-options",
            "-Werror",
            "-proc:none",
            "-cp",
            System.getProperty("java.class.path"),
            "-d",
            folder.toString());
    boolean done =
        compiler
            .getTask(
                errors,
                null,
                null,
                options,
                null,
                compiler.getStandardFileManager(null, null, null).getJavaFileObjects(source))
            .call();
    assertThat(done).as(errors.toString()).isTrue();
  }

  private static String program(String name) throws IOException {
    Stream<Matcher> programs =
        Stream.of(PROGRAM.matcher(Files.readString(README))).filter(Matcher::find);
    Matcher matcher = programs.findFirst().orElseThrow();
    do {
      if (matcher.group(2).equals(name)) {
        return matcher.group(1);
      }
    } while (matcher.find());
    throw new AssertionError("no program " + name + " in " + README);
  }
}
