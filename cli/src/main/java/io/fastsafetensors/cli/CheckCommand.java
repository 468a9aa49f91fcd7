// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.Reason;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Validates headers, and whether the files of checkpoints are all there and fit together. */
@Command(
    name = "check",
    description = {
      "Validates files, and checkpoints in folders, by their headers.",
      "Prints 'ok PATH' or 'reject RULE PATH: message' for each file and each checkpoint.",
      "Exits with 0 only if all are ok."
    })
final class CheckCommand implements Callable<Integer> {
  @Mixin private Output output;
  @Mixin private VariantOption variant;

  @Parameters(
      paramLabel = "PATH",
      description = "Files, indexes, or folders with a checkpoint, or URIs, as 'load' takes them.")
  private List<Path> paths = new ArrayList<>();

  @Option(
      names = "--batch",
      paramLabel = "DIR",
      description = {
        "Also every file in this folder, by name, each index and each numbered set;",
        "prints 'skip PATH: what' for what is another format by name and content."
      })
  private @Nullable Path batch;

  private final Set<Path> rejected = new HashSet<>();

  @Override
  public Integer call() throws IOException {
    if (batch == null && paths.isEmpty()) {
      throw output.misuse("no files: give PATH or --batch DIR");
    }
    List<Path> files = new ArrayList<>();
    for (Path path : paths) {
      if (isCheckpoint(path)) {
        checkFiles(files, Verdict::of);
        files.clear();
        checkCheckpoint(path);
      } else {
        files.add(path);
      }
    }
    checkFiles(files, Verdict::of);
    if (batch != null) {
      checkBatch(batch);
    }
    return rejected.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  /** What isn't there, and a file that isn't of the variant, is told of by the same rule. */
  private static boolean isCheckpoint(Path path) {
    return !Files.isRegularFile(path) || path.toString().endsWith(".json");
  }

  private void checkCheckpoint(Path path) {
    try {
      Checkpoint checkpoint = variant.find(path);
      checkFiles(present(checkpoint.files()), Verdict::of);
      checkWhole(checkpoint);
    } catch (LoadException e) {
      print(Verdict.reject(path, e));
    }
  }

  private void checkBatch(Path folder) throws IOException {
    Set<Path> files = new TreeSet<>(filesIn(folder));
    List<Checkpoint> checkpoints = Checkpoint.allIn(folder);
    for (Checkpoint checkpoint : checkpoints) {
      files.addAll(present(checkpoint.files()));
    }
    for (Checkpoint checkpoint : checkpoints) {
      checkpoint.index().ifPresent(files::remove);
      checkpoint.leftOut().stream()
          .filter(left -> !isOfAnyName(left.reason()))
          .forEach(left -> files.remove(left.file()));
    }
    checkFiles(files, Verdict::ofAny);
    for (Checkpoint checkpoint : checkpoints) {
      if (checkpoint.index().isPresent()) {
        checkWhole(checkpoint);
      } else {
        printFaults(checkpoint);
      }
    }
  }

  private static List<Path> filesIn(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(Files::isRegularFile).toList();
    } catch (RuntimeException e) { // other file systems than the JDK's throw what they like
      throw new LoadException(folder + ": can't list this folder: " + e, e);
    }
  }

  /** A file in a batch may have any name, if it isn't hidden or a part of one. */
  private static boolean isOfAnyName(Reason reason) {
    return Set.of("file.other-name", "file.not-in-index", "file.other-variant")
        .contains(reason.code());
  }

  /** A file that isn't there is told of with the checkpoint that wants it. */
  private static List<Path> present(List<Path> files) {
    return files.stream().filter(file -> !Files.notExists(file)).toList();
  }

  /** Checks files, several at a time; prints in their order. */
  private void checkFiles(Collection<Path> files, Function<Path, Verdict> check) {
    files.parallelStream().map(check).forEachOrdered(this::print);
  }

  /** Says what lacks, and else whether the headers fit together, if each alone is good. */
  private void checkWhole(Checkpoint checkpoint) {
    printFaults(checkpoint);
    if (checkpoint.faults().isEmpty()
        && checkpoint.files().stream().noneMatch(rejected::contains)) {
      try {
        checkpoint.headers();
        print(Verdict.ok(checkpoint.path()));
      } catch (LoadException e) {
        print(Verdict.reject(checkpoint.path(), e));
      }
    }
  }

  private void printFaults(Checkpoint checkpoint) {
    checkpoint.faults().forEach(fault -> print(Verdict.reject(checkpoint.path(), fault)));
  }

  private void print(Verdict verdict) {
    output.out().println(Printing.oneLine(verdict.line()));
    if (!verdict.good()) {
      rejected.add(verdict.path());
    }
  }
}
