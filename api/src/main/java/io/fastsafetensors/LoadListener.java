// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

/**
 * Hears what loads and streams do while they do it: for meters, traces and timelines.
 *
 * <p>A load without a listener makes no events. {@link LoadRecorder} is a listener that keeps them
 * all; {@link ProgressListener} is enough for a progress bar.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface LoadListener {
  /**
   * Hears of something that has just ended, on the thread that did it: threads that read, convert
   * or exchange call this at the same time. So it must be thread-safe and quick, must not block,
   * and must not call the loader.
   *
   * <p>What it throws ends no load: the first exception of a load is logged as a warning, and the
   * listener hears nothing more of that load. A load that was left behind, since a file hangs, may
   * still tell of its reads after it has ended.
   *
   * @param event what has ended; the first of a load is {@link LoadEvent.Kind#BEGUN}
   */
  void onEvent(LoadEvent event);
}
