// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.spi.LoadedRanges;
import java.util.Deque;

/** Who hears what a load has in flight and what has arrived, on the thread that loads. */
interface Arrivals {
  /** Nobody: whoever loads waits for the end. */
  Arrivals UNHEARD = new Arrivals() {};

  /** Chooses which of the files that are left is read next. */
  default FilePlan next(Deque<FilePlan> left) {
    return left.element();
  }

  /** Hears that a file is read. */
  default void submitted(FilePlan plan, BackendSession.Ticket ticket) throws LoadException {}

  /** Makes the file of what a backend loaded; takes that over, also if it then throws. */
  default LoadedFile received(
      SharedContext context, FilePlan plan, String backend, LoadedRanges ranges) {
    return LoadedFile.of(context, plan, backend, ranges);
  }

  /** Takes over a file whose tensors are all there, as they are wanted; false leaves it. */
  default boolean take(LoadedFile file) {
    return false;
  }

  /** Hears that the load has failed; its files are stopped and closed next. */
  default void failed(Throwable failure) {}

  /** Hears that a file's ticket is stopped, and closed next. */
  default void closing(FilePlan plan) {}

  /** Hears that a file's ticket is closed: nothing writes to its memory any more. */
  default void closed(FilePlan plan) {}
}
