// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.TransferPath;
import java.util.Map;

/**
 * How the bytes of one file came.
 *
 * @param bytesByPath how many bytes took which path; gaps that were read are counted
 * @param readNanos time spent in reads, summed over threads
 * @param copyNanos time spent waiting for copies to the device, summed over threads
 * @param reason why this path, one line for operators
 * @since 0.1
 */
public record TransferStats(
    Map<TransferPath, Long> bytesByPath, long readNanos, long copyNanos, String reason) {
  /** Copies the map. */
  public TransferStats {
    bytesByPath = Map.copyOf(bytesByPath);
  }
}
