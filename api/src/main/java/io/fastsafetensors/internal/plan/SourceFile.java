// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import java.nio.file.Path;
import java.util.Comparator;

/**
 * A file and the rank that reads it.
 *
 * @param rank the owner
 * @param path the file, as the caller gave it
 */
public record SourceFile(int rank, Path path) {
  /** The order of ranks. */
  public static final Comparator<SourceFile> BY_RANK = Comparator.comparingInt(SourceFile::rank);

  /** Returns the file's name without its folder, which may differ between ranks. */
  public String name() {
    Path name = path.getFileName();
    return name == null ? path.toString() : name.toString();
  }
}
