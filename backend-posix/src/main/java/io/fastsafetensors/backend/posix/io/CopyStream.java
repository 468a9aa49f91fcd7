// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stream that many threads queue copies on, one at a time. */
final class CopyStream implements AutoCloseable {
  private final DeviceStream stream;
  private @Nullable StreamMark last;

  CopyStream(DeviceStream stream) {
    this.stream = stream;
  }

  /**
   * A copy.
   *
   * @param source host memory
   * @param target as many bytes of the device
   */
  record Copy(MemorySegment source, Region target) {}

  /** Queues copies; the mark is behind them. */
  synchronized StreamMark send(List<Copy> copies) throws LoadException {
    try {
      for (Copy copy : copies) {
        stream.copyFromHost(copy.source(), copy.target());
      }
      return mark();
    } catch (LoadException | RuntimeException e) {
      mark(); // some of them are under way
      throw e;
    }
  }

  private StreamMark mark() throws LoadException {
    StreamMark mark = stream.record();
    last = mark;
    return mark;
  }

  /**
   * Waits until all copies so far are done.
   *
   * @throws LoadException if one failed, or the deadline passed
   */
  void settle(Deadline deadline) throws LoadException {
    StreamMark mark = last();
    if (mark != null) {
      mark.await(deadline);
    }
  }

  /** Tells whether all copies so far are done. */
  boolean isIdle() {
    StreamMark mark = last();
    return mark == null || mark.isDone();
  }

  private synchronized @Nullable StreamMark last() {
    return last;
  }

  @Override
  public synchronized void close() {
    stream.close();
  }
}
