// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/** Loads files and prints what the tensors' bytes hash to. */
@Command(
    name = "digest",
    description = {
      "Loads files and prints a hash for each tensor.",
      "A line is 'SHA256  DTYPE  SHAPE  NAME'.",
      "Names are sorted by their UTF-8 bytes; control characters in them are escaped.",
      "Under 'fst launch' every rank prints what it gets: whole tensors, or its parts."
    })
final class DigestCommand implements Callable<Integer> {
  private static final Comparator<String> BY_BYTES =
      Comparator.comparing(name -> name.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);

  @Mixin private Output output;
  @Mixin private LoadArguments arguments;

  @Override
  public Integer call() throws IOException {
    try (LoadedFiles loaded = LoadedFiles.load(arguments)) {
      digests(loaded.buffer()).forEach(output.out()::println);
    }
    return ExitCode.OK;
  }

  /** Gets the tensors one by one and hashes as many at a time as there are threads. */
  private List<String> digests(FileBuffer buffer) throws IOException {
    try (TensorWorkers<String> workers = arguments.workers(1)) {
      for (String name : buffer.keys().stream().sorted(BY_BYTES).toList()) {
        Tensor tensor = buffer.tensor(name);
        workers.submit(buffer.file(name), () -> line(tensor));
      }
      return workers.results();
    }
  }

  private static String line(Tensor tensor) throws IOException {
    try (tensor) {
      return String.join(
          "  ",
          TensorDigest.sha256(tensor),
          tensor.dtype().name(),
          tensor.shape().toString(),
          Printing.oneLine(tensor.name()));
    }
  }
}
