// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import java.nio.file.Path;

/**
 * A file and the rank that reads it.
 *
 * @param rank the owner
 * @param path the file, as the caller gave it
 */
public record SourceFile(int rank, Path path) {
  /** Returns the file's name without its folder, which may differ between ranks. */
  public String name() {
    Path name = path.getFileName();
    return name == null ? path.toString() : name.toString();
  }
}
