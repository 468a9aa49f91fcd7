// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.cli.Converters.Sizes;
import io.fastsafetensors.format.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a synthetic checkpoint. */
@Command(
    name = "make",
    description = {
      "Writes a synthetic checkpoint.",
      "Tensors of equal size are spread over shards, with an index.",
      "The same arguments give the same bytes. Floats are finite and below 2."
    })
final class MakeCommand implements Callable<Integer> {
  @Mixin private Output output;

  @Parameters(paramLabel = "DIR", description = "The folder; made if it doesn't exist.")
  private Path folder;

  @Option(
      names = "--bytes",
      required = true,
      paramLabel = "SIZE",
      converter = Sizes.class,
      description = "The size of all tensors together, as in 4GiB.")
  private long bytes;

  @Option(
      names = "--tensors",
      defaultValue = "1",
      paramLabel = "N",
      description = "How many tensors. Default: 1.")
  private int tensors;

  @Option(names = "--dtype", defaultValue = "F16", description = "Their type. Default: F16.")
  private DType dtype;

  @Option(
      names = "--shards",
      defaultValue = "1",
      paramLabel = "N",
      description = "How many files. Default: 1.")
  private int shards;

  @Option(
      names = "--seed",
      defaultValue = "1",
      paramLabel = "N",
      description = "What the bytes are made from. Default: 1.")
  private long seed;

  @Override
  public Integer call() throws IOException {
    long start = System.nanoTime();
    long written = new SyntheticCheckpoint(dtype, bytes, tensors, shards, seed).writeTo(folder);
    double seconds = (System.nanoTime() - start) / 1e9;
    output
        .out()
        .printf(
            "%s: %s bytes in %s tensors of %s files, %s s, %s GB/s%n",
            Printing.oneLine(folder.toString()),
            written,
            tensors,
            shards,
            Printing.decimal(seconds),
            Printing.decimal(written / seconds / 1e9));
    return ExitCode.OK;
  }
}
