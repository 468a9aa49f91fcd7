// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

/**
 * Hears how far a load or a save is.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface ProgressListener {
  /**
   * Hears of progress. Called from I/O threads, one at a time, after each block; must be quick.
   * What it throws fails the load or the save.
   *
   * @param doneBytes how many bytes of this rank's share are in place
   * @param totalBytes how many there will be
   */
  void onProgress(long doneBytes, long totalBytes);
}
