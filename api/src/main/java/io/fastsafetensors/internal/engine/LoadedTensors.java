// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.DType;
import io.fastsafetensors.internal.engine.LoadedFile.Place;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** This rank's tensors in device memory, until they are released. */
final class LoadedTensors {
  private final List<LoadedFile> files;
  private final Map<String, Place> places = new HashMap<>();
  private final Optional<DType> convertedTo;
  private volatile boolean closed;

  LoadedTensors(List<LoadedFile> files, Optional<DType> convertedTo) {
    this.files = files;
    this.convertedTo = convertedTo;
    files.forEach(file -> places.putAll(file.places()));
  }

  /** Returns the type that a tensor has in memory, on whatever rank it is. */
  DType dtype(DType inFile) {
    return convertedTo.orElse(inFile);
  }

  /** Returns where a tensor of this rank is. */
  Place place(String name) {
    checkOpen();
    Place place = places.get(name);
    if (place == null) {
      throw new IllegalStateException("tensor '" + name + "' is not on this rank");
    }
    return place;
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the FileBuffer is closed");
    }
  }

  /** Frees one file's memory, if it is on this rank. */
  void release(Path path) {
    files.stream().filter(f -> f.report().file().equals(path)).forEach(LoadedFile::release);
  }

  /**
   * Ends all views and frees all memory.
   *
   * @throws IllegalStateException if an I/O operation of the JDK is using some of it; the rest is
   *     freed
   */
  void close() {
    closed = true;
    IllegalStateException busy = null;
    for (LoadedFile file : files) {
      try {
        file.release();
      } catch (IllegalStateException e) {
        busy = e;
      }
    }
    if (busy != null) {
      throw busy;
    }
  }
}
