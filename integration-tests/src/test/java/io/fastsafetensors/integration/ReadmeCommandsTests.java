// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every command that the README and the pages show runs as it is written there. */
@Tag("slow")
class ReadmeCommandsTests {
  /** Code in the text and in tables, and lines of blocks. */
  private static final Pattern COMMAND =
      Pattern.compile("(?:`|^)(?:\\./)?fst ([^`#\\n]+)", Pattern.MULTILINE);

  private static final Set<String> NEED_ARGUMENTS =
      Set.of("launch", "load", "digest", "inspect", "convert");

  @TempDir private Path folder;
  private Path file;
  private Path variants;
  private Path archive;
  private Path limits;

  @BeforeEach
  void writeSample() throws Exception {
    ReadmeProgram.writeSamples(folder);
    file = folder.resolve("a.safetensors");
    variants = Files.createDirectory(folder.resolve("variants"));
    Files.copy(file, variants.resolve("model.fp16.safetensors"));
    archive = folder.resolve("models.zip");
    try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
      Files.copy(file, zip.getPath("/model.safetensors"));
    }
    limits = folder.resolve("limits.json");
    Files.writeString(limits, "[{\"name\":\"direct reads\",\"bytes_per_second\":7}]");
  }

  static List<String> commands() throws IOException {
    StringBuilder pages = new StringBuilder();
    for (Path page : Readme.pages()) {
      pages.append(Files.readString(page)).append('\n');
    }
    return COMMAND
        .matcher(pages)
        .results()
        .map(match -> match.group(1).strip())
        .flatMap(ReadmeCommandsTests::withoutAndWithOptions)
        .distinct()
        .toList();
  }

  /** What is in brackets may be left out. */
  private static Stream<String> withoutAndWithOptions(String command) {
    return Stream.of(command.replaceAll(" ?\\[[^]]*]", ""), command.replaceAll("[\\[\\]]", ""));
  }

  @Test
  void eachCommandIsFound() throws IOException {
    assertThat(commands())
        .contains("help", "inspect PATH", "check --batch DIR", "doctor", "demo")
        .anyMatch(command -> command.startsWith("inspect PATH ") && command.endsWith(" --json"))
        .anyMatch(command -> command.startsWith("launch -n N"));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void runs(String command) throws Exception {
    Jvm fst = Distribution.fst(folder, List.of(), arguments(command).toArray(String[]::new));
    // Whether there is a GPU is not the pages' business; that the command is known is.
    List<Integer> right = command.contains("cuda") ? List.of(0, 1) : List.of(0);
    assertThat(fst.exit()).as(fst.output()).isIn(right);
    assertThat(fst.output()).isNotEmpty().doesNotContain("\tat ");
  }

  private List<String> arguments(String line) {
    List<String> words = new ArrayList<>(List.of(line.split(" +")));
    words.replaceAll(this::meant);
    words.remove("options");
    if (words.contains(">")) {
      words.subList(words.indexOf(">"), words.size()).clear(); // the shell's
    }
    String command = words.getFirst();
    if (command.equals("certify")) {
      // Takes minutes: other tests certify our plug-ins, and strangers' that are added.
      words.add("--help");
    } else if (NEED_ARGUMENTS.contains(command) && words.size() == 1) {
      words.addFirst("help"); // named in a sentence, which isn't how it is called
    } else if (NEED_ARGUMENTS.contains(command)
        && !command.equals("launch")
        && words.stream().noneMatch(this::isSample)) {
      words.add(file.toString()); // likewise, with an option
    } else if (words.contains("--variant")) {
      words.replaceAll(word -> word.equals(file.toString()) ? variants.toString() : word);
    }
    return words;
  }

  private boolean isSample(String word) {
    return word.equals(file.toString()) || word.equals(folder.toString()) || word.contains(":///");
  }

  private String meant(String word) {
    return switch (word) {
      case "PATH", "PATH...", "...", "/data/model" -> file.toString();
      case "DIR" -> folder.toString();
      case "NEW" -> folder.resolve("new").toString();
      case "COMMAND..." -> "doctor";
      case "COMMAND" -> "load";
      case "NAME" -> "fp16";
      case "N" -> "2";
      case "load.html" -> folder.resolve(word).toString();
      case "limits.json" -> limits.toString();
      case "8" -> "1";
      case "4GiB" -> "4MiB";
      case "'jar:file:///models.zip!/model.safetensors'" ->
          "jar:" + archive.toUri() + "!/model.safetensors";
      default -> word;
    };
  }

  @Test
  void noPlaceholderIsLeft() throws IOException {
    Pattern placeholder = Pattern.compile("[A-Z]{2,}(\\.\\.\\.)?");
    assertThat(commands())
        .filteredOn(command -> !command.startsWith("certify"))
        .flatExtracting(this::arguments)
        .filteredOn(word -> placeholder.matcher(word).matches())
        .isEmpty();
  }
}
