// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.Loader;
import io.fastsafetensors.format.LoadException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which of several variants of a checkpoint is meant. */
final class VariantOption {
  @Option(
      names = "--variant",
      paramLabel = "NAME",
      description = {
        "Of folders with several variants the one to take, as in fp16 for",
        "model.fp16.safetensors; '' is the one without a name."
      })
  private @Nullable String variant;

  Checkpoint find(Path path) throws LoadException {
    return variant == null ? Checkpoint.find(path) : Checkpoint.find(path, variant);
  }

  void addTo(Loader loader, Path path) throws LoadException {
    if (variant == null) {
      loader.addCheckpoint(path);
    } else {
      loader.addCheckpoint(path, variant);
    }
  }
}
