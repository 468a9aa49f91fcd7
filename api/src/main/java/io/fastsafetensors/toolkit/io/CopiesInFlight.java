// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.StreamMark;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The copies of one file that a {@link StagingRing} has under way. Thread-safe.
 *
 * @since 0.1
 */
public final class CopiesInFlight {
  /** The last copy on each stream: those before it are done when it is. */
  private final Map<Object, StreamMark> last = new ConcurrentHashMap<>();

  /** Starts with none. */
  public CopiesInFlight() {}

  void add(Object stream, StreamMark mark) {
    last.put(stream, mark);
  }

  /**
   * Returns a mark behind all copies that are under way at this moment.
   *
   * @return the mark; it is done when they are, whether they arrived or failed
   */
  public StreamMark mark() {
    List<StreamMark> marks = List.copyOf(last.values());
    return marks.isEmpty() ? StreamMark.done() : new All(marks);
  }

  /**
   * Waits until all are done that are under way at this moment.
   *
   * @param deadline how long to wait
   * @throws LoadException if one failed, or the deadline passed
   */
  public void settle(Deadline deadline) throws LoadException {
    mark().await(deadline);
  }

  /**
   * Tells whether none is under way, whether it arrived or failed.
   *
   * @return true if so
   */
  public boolean isSettled() {
    return mark().isDone();
  }

  private record All(List<StreamMark> marks) implements StreamMark {
    @Override
    public boolean isDone() {
      return marks.stream().allMatch(StreamMark::isDone);
    }

    @Override
    public void await(Deadline deadline) throws LoadException {
      @Nullable LoadException first = null;
      for (StreamMark mark : marks) {
        try {
          mark.await(deadline);
        } catch (LoadException e) {
          first = first == null ? e : first; // and on: other streams may still be at it
        }
      }
      if (first != null) {
        throw first;
      }
    }
  }
}
