// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.CatalogEntry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The tensors of a load that has ended: all are there. */
final class LoadedTensors implements HeldTensors {
  private final List<LoadedFile> files;
  private final Map<Integer, List<LoadedFile>> byNumber;
  private final Conversion conversion;
  private volatile boolean closed;

  LoadedTensors(List<LoadedFile> files, Conversion conversion) {
    this.files = List.copyOf(files);
    this.byNumber = files.stream().collect(Collectors.groupingBy(LoadedFile::index));
    this.conversion = conversion;
  }

  @Override
  public DType dtype(CatalogEntry entry) {
    return conversion.target(entry.info());
  }

  @Override
  public Shape shape(CatalogEntry entry) {
    return files(entry.file().index()).stream()
        .filter(file -> file.has(entry))
        .findFirst()
        .map(file -> file.piece(entry).spec().shape())
        .orElse(entry.info().shape());
  }

  @Override
  public void await(List<Request> wanted) {}

  @Override
  public void awaitAll() {
    checkOpen();
  }

  @Override
  public boolean isThere(CatalogEntry entry) {
    return true;
  }

  @Override
  public void allAreThere() {}

  @Override
  public Duration patience(Duration groupTimeout) {
    return groupTimeout;
  }

  @Override
  public Piece piece(CatalogEntry entry) {
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

  @Override
  public void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the FileBuffer is closed");
    }
  }

  @Override
  public void release(int file) {
    Cleanup.each(files(file), LoadedFile::release);
  }

  @Override
  public long bytes() {
    return files.stream().mapToLong(LoadedFile::bytes).sum();
  }

  @Override
  public void close() {
    closed = true;
    Cleanup.each(files, LoadedFile::release);
  }

  @Override
  public void tellFailure() {}
}
