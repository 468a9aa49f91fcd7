// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Region;
import java.util.List;

/**
 * Chooses the way of each read of one file, and says afterwards why. Thread-safe.
 *
 * @since 0.1
 */
public interface PathChoice {
  /**
   * Chooses the way of a read; called once for each read, soon before it.
   *
   * @param read the read
   * @return the way; {@link TransferPath#CACHED} takes processors, any other waits for storage
   * @throws LoadException if the file can't be asked
   */
  TransferPath path(FileRead read) throws LoadException;

  /**
   * Tells whether reads wait for storage; if none does, more threads than processors are no use.
   *
   * @return true unless overridden
   */
  default boolean mayUseStorage() {
    return true;
  }

  /**
   * Says how the bytes came, and why so.
   *
   * @param stats what was done
   * @param regions where the ranges are
   * @return one line for operators
   */
  Reason reason(FileStats stats, List<Region> regions);

  /**
   * Makes the choice of a reader that has one way.
   *
   * @param reason says why
   * @return the choice: every read is {@link TransferPath#BUFFERED}
   */
  static PathChoice buffered(Reason reason) {
    return new PathChoice() {
      @Override
      public TransferPath path(FileRead read) {
        return TransferPath.BUFFERED;
      }

      @Override
      public Reason reason(FileStats stats, List<Region> regions) {
        return reason;
      }
    };
  }
}
