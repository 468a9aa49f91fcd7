// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * How one file was loaded, and why so.
 *
 * @param file the file
 * @param backend the id of the backend that read it
 * @param bytesByPath how many bytes took which path
 * @param tensors how many tensors were loaded
 * @param bytes the tensors' size in the file, in bytes
 * @param elapsed from the start of the load until the file was complete
 * @param readTime time spent in reads, summed over threads
 * @param copyTime time spent waiting for copies to the device, summed over threads
 * @param reason why this backend and this path
 * @since 0.1
 */
public record FileReport(
    Path file,
    String backend,
    Map<TransferPath, Long> bytesByPath,
    int tensors,
    long bytes,
    Duration elapsed,
    Duration readTime,
    Duration copyTime,
    String reason) {
  /** Copies the map. */
  public FileReport {
    bytesByPath = Map.copyOf(bytesByPath);
  }
}
