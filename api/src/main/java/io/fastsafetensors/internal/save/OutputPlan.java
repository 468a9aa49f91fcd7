// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.file.FileRights;
import java.nio.file.Path;
import java.util.List;

/**
 * A file to write.
 *
 * @param path where it is to be, absolute
 * @param temporary where it is until it has that name
 * @param rights who may do what with it
 * @param extents all its bytes, in order and without gaps
 */
public record OutputPlan(Path path, Path temporary, FileRights rights, List<Extent> extents) {
  /** Returns the file's size, in bytes. */
  public long bytes() {
    return extents.isEmpty() ? 0 : extents.getLast().end();
  }
}
