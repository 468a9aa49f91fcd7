// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import org.jspecify.annotations.Nullable;

/** A file whose ranges need no reading. */
final class ReadyTicket implements IoTicket {
  private final Runnable report;
  private @Nullable LoadedRanges ranges;

  /**
   * Makes a ticket.
   *
   * @param ranges the ranges, the ticket's until they are handed out
   * @param report tells the engine what was done, before they are handed out
   */
  ReadyTicket(LoadedRanges ranges, Runnable report) {
    this.ranges = ranges;
    this.report = report;
  }

  @Override
  public LoadedRanges await() {
    LoadedRanges ready = ranges;
    if (ready == null) {
      throw new IllegalStateException("the ticket was awaited before, or is closed");
    }
    report.run();
    ranges = null;
    return ready;
  }

  @Override
  public int stop(Deadline deadline) {
    return 0;
  }

  @Override
  public void close() {
    if (ranges != null) {
      ranges.buffers().forEach(DeviceBuffer::close);
      ranges = null;
    }
  }
}
