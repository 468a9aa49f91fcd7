// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.CatalogEntry;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** This rank's tensors in device memory, until they are released. */
final class LoadedTensors {
  private final List<LoadedFile> files;
  private final Map<Integer, List<LoadedFile>> byNumber;
  private final Conversion conversion;
  private volatile boolean closed;

  LoadedTensors(List<LoadedFile> files, Conversion conversion) {
    this.files = List.copyOf(files);
    this.byNumber = files.stream().collect(Collectors.groupingBy(LoadedFile::index));
    this.conversion = conversion;
  }

  /** Returns the type that a tensor has in memory, on whatever rank it is. */
  DType dtype(CatalogEntry entry) {
    return conversion.target(entry.info());
  }

  /** Returns the shape that a tensor has in memory: that of the part which was loaded. */
  Shape shape(CatalogEntry entry) {
    return files(entry.file().index()).stream()
        .filter(file -> file.has(entry))
        .findFirst()
        .map(file -> file.piece(entry).spec().shape())
        .orElse(entry.info().shape());
  }

  /** Returns where a tensor of this rank is. */
  Piece piece(CatalogEntry entry) {
    checkOpen();
    return files(entry.file().index()).stream()
        .filter(file -> file.has(entry))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException(entry.info() + " is not on this rank"))
        .piece(entry);
  }

  /** Returns what was loaded of a file: parts that are runs of bytes, and parts of rows. */
  private List<LoadedFile> files(int number) {
    return byNumber.getOrDefault(number, List.of());
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the FileBuffer is closed");
    }
  }

  /** Frees one file's memory, if it is on this rank. */
  void release(int file) {
    Cleanup.each(files(file), LoadedFile::release);
  }

  /** Returns how much memory is held. */
  long bytes() {
    return files.stream().mapToLong(LoadedFile::bytes).sum();
  }

  /**
   * Ends all views and frees all memory.
   *
   * @throws IllegalStateException if an I/O operation of the JDK is using some of it; the rest is
   *     freed
   */
  void close() {
    closed = true;
    Cleanup.each(files, LoadedFile::release);
  }
}
