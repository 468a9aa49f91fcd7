// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.CatalogEntry;
import java.time.Duration;
import java.util.List;

/** This rank's tensors in device memory, until they are released. */
sealed interface HeldTensors permits LoadedTensors, ArrivingTensors {
  /** Returns the type that a tensor has in memory, on whatever rank it is. */
  DType dtype(CatalogEntry entry);

  /** Returns the shape that a tensor has in memory: that of the part which was loaded. */
  Shape shape(CatalogEntry entry);

  /** Waits until this rank's tensors among those wanted are there. */
  void await(List<Request> wanted) throws LoadException;

  /** Waits until all of this rank's tensors are there. */
  void awaitAll() throws LoadException;

  /** Tells whether a tensor is there; of another rank's whether that rank is known to have all. */
  boolean isThere(CatalogEntry entry);

  /** Notes that all ranks have all of theirs. */
  void allAreThere();

  /** Returns how long to wait for ranks that may have to wait for their tensors. */
  Duration patience(Duration groupTimeout);

  /** Returns where a tensor of this rank is, which is there. */
  Piece piece(CatalogEntry entry);

  void checkOpen();

  /** Frees one file's memory, if it is on this rank. */
  void release(int file);

  /** Returns how much memory is held. */
  long bytes();

  /**
   * Ends all views and frees all memory.
   *
   * @throws IllegalStateException if an I/O operation of the JDK is using some of it; the rest is
   *     freed
   */
  void close();

  /**
   * Throws what the load failed with, if nobody heard of it before the close.
   *
   * @throws java.io.UncheckedIOException with the failure
   */
  void tellFailure();
}
