// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.HeaderFormatException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.SafetensorsHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Validates headers. */
@Command(
    name = "check",
    description = {
      "Validates the headers of files.",
      "Prints 'ok PATH' or 'reject RULE PATH: message' for each.",
      "Exits with 0 only if all are ok."
    })
final class CheckCommand implements Callable<Integer> {
  @Mixin private Output output;

  @Parameters(paramLabel = "PATH", description = "The files.")
  private List<Path> paths = new ArrayList<>();

  @Option(
      names = "--batch",
      paramLabel = "DIR",
      description = "Also every file in this folder, by name; not those in its subfolders.")
  private @Nullable Path batch;

  @Override
  public Integer call() throws IOException {
    List<Path> all = new ArrayList<>(paths);
    if (batch != null) {
      all.addAll(filesIn(batch));
    } else if (all.isEmpty()) {
      throw output.misuse("no files: give PATH or --batch DIR");
    }
    List<String> rejected = new ArrayList<>();
    all.parallelStream().map(CheckCommand::check).forEachOrdered(line -> print(line, rejected));
    return rejected.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private static List<Path> filesIn(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private void print(String line, List<String> rejected) {
    output.out().println(line);
    if (line.startsWith("reject")) {
      rejected.add(line);
    }
  }

  private static String check(Path path) {
    try {
      SafetensorsHeader.read(path);
      return Printing.oneLine("ok " + path);
    } catch (HeaderFormatException e) {
      return reject(e.rule().referenceName(), path, e);
    } catch (LoadException e) {
      return reject("IoError", path, e);
    }
  }

  /** The exception's message starts with file and rule as well; once is enough. */
  private static String reject(String rule, Path path, LoadException failure) {
    String message = withoutPrefix(Failures.message(failure), path + ": ");
    return Printing.oneLine(
        "reject " + rule + " " + path + ": " + withoutPrefix(message, rule + " "));
  }

  private static String withoutPrefix(String text, String prefix) {
    return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
  }
}
