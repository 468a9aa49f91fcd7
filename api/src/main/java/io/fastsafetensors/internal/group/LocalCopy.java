// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.device.RegionPump;
import java.time.Duration;

/**
 * A copy from another rank's memory to this one's.
 *
 * @param source where from, in rows
 * @param target where to, contiguous, of the same size
 * @param stream this rank's
 * @param timeout how long the device may take for a slice
 */
record LocalCopy(Region source, Region target, DeviceStream stream, Duration timeout) {
  /** Between slices a copy looks whether it is still wanted. */
  private static final long SLICE = 256L << 20;

  /** Says whether to go on. */
  @FunctionalInterface
  interface Check {
    void run() throws CollectiveException;
  }

  void run(Check check) throws LoadException {
    for (long done = 0; done < source.bytes(); ) {
      check.run();
      Region piece = source.piece(done, SLICE);
      RegionPump.copy(piece, target.slice(done, piece.bytes()), stream);
      stream.record().await(Deadline.after(timeout));
      done += piece.bytes();
    }
  }
}
