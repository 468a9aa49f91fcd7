// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.plan.CatalogEntry;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/** This rank's tensors in device memory, until they are released. */
final class LoadedTensors {
  private final Map<Integer, LoadedFile> files;
  private final Conversion conversion;
  private volatile boolean closed;

  LoadedTensors(List<LoadedFile> files, Conversion conversion) {
    this.files = files.stream().collect(Collectors.toMap(LoadedFile::index, Function.identity()));
    this.conversion = conversion;
  }

  /** Returns the type that a tensor has in memory, on whatever rank it is. */
  DType dtype(CatalogEntry entry) {
    return conversion.target(entry.info());
  }

  /** Returns where a tensor of this rank is. */
  Piece piece(CatalogEntry entry) {
    checkOpen();
    LoadedFile file = files.get(entry.file().index());
    return Objects.requireNonNull(file, () -> entry.info() + " is not on this rank").piece(entry);
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the FileBuffer is closed");
    }
  }

  /** Frees one file's memory, if it is on this rank. */
  void release(int file) {
    LoadedFile loaded = files.get(file);
    if (loaded != null) {
      loaded.release();
    }
  }

  /** Returns how much memory is held. */
  long bytes() {
    return files.values().stream().mapToLong(LoadedFile::bytes).sum();
  }

  /**
   * Ends all views and frees all memory.
   *
   * @throws IllegalStateException if an I/O operation of the JDK is using some of it; the rest is
   *     freed
   */
  void close() {
    closed = true;
    Cleanup.each(files.values(), LoadedFile::release);
  }
}
