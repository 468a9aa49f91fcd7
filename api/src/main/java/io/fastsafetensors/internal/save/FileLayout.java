// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.file.FileRights;
import io.fastsafetensors.internal.text.Printable;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Where all that a file has is in it: the same tensors and metadata give the same layout, in
 * whatever order they come.
 *
 * @param tensors in the order of their bytes
 * @param header all that stands before their bytes
 */
public record FileLayout(List<SavedTensor> tensors, MemorySegment header) {
  /** The bytes that hold the header's length, before the header. */
  static final int LENGTH_BYTES = Long.BYTES;

  /**
   * Lays out a file.
   *
   * @param tensors with different names
   * @param metadata in the order to be written
   */
  public static FileLayout of(List<SavedTensor> tensors, Map<String, String> metadata) {
    List<SavedTensor> ordered = tensors.stream().sorted(SavedTensor.FILE_ORDER).toList();
    return new FileLayout(
        ordered, MemorySegment.ofBuffer(HeaderJson.encode(ordered, metadata)).asReadOnly());
  }

  /** Returns the length of the header's text, which a format may limit. */
  public long headerLength() {
    return header.byteSize() - LENGTH_BYTES;
  }

  /** Returns the file's size, in bytes. */
  public long bytes() {
    return header.byteSize() + tensors.stream().mapToLong(SavedTensor::bytes).sum();
  }

  /** Plans the file; the arguments are those of the plan. */
  public OutputPlan plan(Path path, Path temporary, FileRights rights) {
    List<Extent> extents = new ArrayList<>(tensors.size() + 1);
    extents.add(new Extent("header", 0, header.byteSize(), new MemoryContent(header)));
    for (SavedTensor tensor : tensors) {
      String label = Printable.quote(tensor.name()) + " " + tensor.dtype() + " " + tensor.shape();
      extents.add(new Extent(label, extents.getLast().end(), tensor.bytes(), tensor.content()));
    }
    return new OutputPlan(path.toAbsolutePath(), temporary, rights, extents);
  }
}
