// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.file.FileRights;
import java.nio.file.Path;
import java.util.List;

/**
 * A file to write, or what this process writes of one.
 *
 * @param path where it is to be, absolute
 * @param temporary where it is until it has that name
 * @param rights who may do what with it
 * @param extents the bytes that this process writes, in the order of their places
 * @param bytes the file's size
 * @param isJoined whether another process has made the file, and gives it its name
 */
public record OutputPlan(
    Path path,
    Path temporary,
    FileRights rights,
    List<Extent> extents,
    long bytes,
    boolean isJoined) {
  /** Plans a file all of whose bytes this process writes. */
  public OutputPlan(Path path, Path temporary, FileRights rights, List<Extent> extents) {
    this(path, temporary, rights, extents, extents.isEmpty() ? 0 : extents.getLast().end(), false);
  }

  /** Returns how many bytes this process writes. */
  public long ownBytes() {
    return extents.stream().mapToLong(Extent::bytes).sum();
  }
}
