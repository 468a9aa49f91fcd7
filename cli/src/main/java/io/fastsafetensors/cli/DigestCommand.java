// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.TensorStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/** Streams files and prints what the tensors' bytes hash to. */
@Command(
    name = "digest",
    description = {
      "Streams files and prints a hash for each tensor; in memory is what the window holds.",
      "A line is 'SHA256  DTYPE  SHAPE  NAME'.",
      "Names are sorted by their UTF-8 bytes; control characters in them are escaped.",
      "Under 'fst launch' every rank prints what it gets: whole tensors, or its parts."
    })
final class DigestCommand implements Callable<Integer> {
  @Mixin private Output output;
  @Mixin private LoadArguments arguments;
  @Mixin private WindowOption window;

  @Override
  public Integer call() throws IOException {
    digests().forEach(output.out()::println);
    return ExitCode.OK;
  }

  /** Hashes as many tensors at a time as there are threads. */
  private List<String> digests() throws IOException {
    try (OpenedFiles files = OpenedFiles.open(arguments);
        TensorDigests digests = new TensorDigests(arguments.workers(Short.MAX_VALUE));
        TensorStream stream = files.stream(window, true)) {
      for (Optional<StreamedTensor> next = stream.next(); next.isPresent(); next = stream.next()) {
        digests.add(next.get());
      }
      return digests.lines();
    }
  }
}
