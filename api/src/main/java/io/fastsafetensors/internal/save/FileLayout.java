// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.file.FileRights;
import io.fastsafetensors.internal.text.Printable;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;

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

  /** Shorter rows are gathered: to write each past the page cache wouldn't pay. */
  private static final long LEAST_RUN = 256 << 10;

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

  /** Plans a file that this process makes, whose header it writes. */
  public OutputPlan plan(Path path, Path temporary, FileRights rights) {
    List<Extent> extents = new ArrayList<>(tensors.size() + 1);
    extents.add(new Extent("header", 0, header.byteSize(), new MemoryContent(header)));
    addTensors(extents);
    return new OutputPlan(path.toAbsolutePath(), temporary, rights, extents, bytes(), false);
  }

  /** Plans what this process writes to a file that another one makes. */
  public OutputPlan join(Path path, Path temporary) {
    List<Extent> extents = new ArrayList<>();
    addTensors(extents);
    return new OutputPlan(path, temporary, FileRights.NEW, extents, bytes(), true);
  }

  private void addTensors(List<Extent> extents) {
    long start = header.byteSize();
    for (SavedTensor tensor : tensors) {
      if (!tensor.extents().isEmpty()) {
        String label = Printable.quote(tensor.name()) + " " + tensor.dtype() + " " + tensor.shape();
        placed(tensor, label, start).forEach(extents::add);
      }
      start += tensor.bytes();
    }
  }

  /** Returns where the bytes of a tensor are in the file; long rows by themselves, as runs. */
  public static Stream<Extent> placed(SavedTensor tensor, String label, long start) {
    return tensor.extents().stream()
        .map(extent -> extent.at(label, start))
        .flatMap(extent ->
            extent.isRun() || extent.rowBytes() < LEAST_RUN
                ? Stream.of(extent)
                : LongStream.range(0, extent.rows()).mapToObj(extent::row))
        .sorted(Comparator.comparingLong(Extent::position));
  }
}
