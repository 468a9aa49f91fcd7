// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A parallel ticket that gives out each range as soon as its bytes are there (rules IO-131 to
 * IO-135).
 *
 * <p>A backend's jobs say which bytes they {@linkplain #landed brought}, and the ticket says where
 * a range {@linkplain #region is}. Whoever frees its memory leaves what was {@linkplain #isGivenOut
 * given out}.
 *
 * @since 0.1
 */
public abstract class EarlyTicket extends ParallelTicket {
  private final List<ByteRange> ranges;
  private final IoMonitor monitor;
  private final LandedBytes landed = new LandedBytes();
  private final Map<Integer, StreamMark> marks = new HashMap<>();
  private final Set<DeviceBuffer> givenOut = Collections.newSetFromMap(new IdentityHashMap<>());
  private int waiting;

  /** What was brought before anybody asked for early ranges, and not checked. */
  private final List<Span> unchecked = new ArrayList<>();

  private boolean isEarly;
  private boolean ended;
  private @Nullable List<Region> all;

  /**
   * Makes a ticket of which no job runs yet.
   *
   * @param plan what is read
   * @param monitor the engine's side
   * @param jobs how many jobs there are to begin with
   */
  protected EarlyTicket(RangePlan plan, IoMonitor monitor, long jobs) {
    super(plan.file(), monitor, jobs);
    this.ranges = plan.ranges();
    this.monitor = monitor;
  }

  /**
   * Tells where a range is or will be; called by several threads at a time.
   *
   * @param range the range's place in the plan, from 0
   * @return a contiguous region; empty if that isn't known yet
   */
  protected abstract Optional<Region> region(int range);

  /**
   * Returns a mark behind all copies to the memory that were queued so far; called by several
   * threads at a time.
   *
   * @return a mark that is done, unless overridden
   */
  protected StreamMark mark() {
    return StreamMark.done();
  }

  /**
   * Makes sure that the file is the planned one, before bytes of it are given out early; called by
   * jobs, several at a time. Does nothing unless overridden.
   *
   * @throws LoadException if it is not
   */
  protected void checkFile() throws LoadException {}

  /**
   * Has bytes read before others. Does nothing unless overridden.
   *
   * @param range the bytes
   */
  protected void hurry(ByteRange range) {}

  /**
   * Notes that bytes are in their place, or that the copies which bring them there are queued;
   * called by jobs.
   *
   * @param parts where they are in the file
   * @throws LoadException if the file is not the planned one, once ranges are given out early
   */
  public final void landed(List<Span> parts) throws LoadException {
    if (isToCheck(parts)) {
      checkFile();
      add(parts);
    }
  }

  private synchronized boolean isToCheck(List<Span> parts) {
    if (!isEarly) {
      unchecked.addAll(parts);
    }
    return isEarly;
  }

  /** Notes bytes that are in their place, of a file that is the planned one. */
  final synchronized void add(List<Span> parts) {
    landed.add(parts);
    if (waiting > 0) {
      notifyAll();
    }
  }

  /** Checks what was brought before anybody asked. A failure is thrown by who awaits the ticket. */
  private void begin() {
    List<Span> before;
    synchronized (this) {
      isEarly = true;
      before = List.copyOf(unchecked);
      unchecked.clear();
    }
    if (!before.isEmpty()) {
      try {
        checkFile();
        add(before);
      } catch (LoadException e) {
        fail(e);
      }
    }
  }

  /**
   * Tells whether a buffer is the engine's, so that {@link #release} leaves it.
   *
   * @param buffer a buffer of this ticket
   * @return true if a range in it was given out
   */
  protected final synchronized boolean isGivenOut(DeviceBuffer buffer) {
    return givenOut.contains(buffer);
  }

  @Override
  final synchronized void ended(@Nullable LoadedRanges loaded) {
    ended = true;
    all = loaded == null ? null : loaded.regions();
    notifyAll();
  }

  @Override
  public final Optional<EarlyRanges> early() {
    begin();
    return Optional.of(
        new EarlyRanges() {
          @Override
          public boolean isThere(int range) {
            return isThereNow(range);
          }

          @Override
          public void prefer(int range) {
            if (!isUnderWay(range)) {
              hurry(ranges.get(range));
            }
          }

          @Override
          public Region await(int range) throws LoadException {
            return awaitRange(range);
          }
        });
  }

  private synchronized boolean isThereNow(int range) {
    return all != null || (!ended && isBrought(range) && markOf(range).isDone());
  }

  private synchronized boolean isUnderWay(int range) {
    return ended || isBrought(range);
  }

  /** Tells whether nothing of a range is to be read any more. */
  private boolean isBrought(int range) {
    return landed.covers(ranges.get(range)) && region(range).isPresent();
  }

  /** Returns a mark behind the copies of a range that was brought, the same each time. */
  private StreamMark markOf(int range) {
    return marks.computeIfAbsent(range, _ -> mark());
  }

  private Region awaitRange(int range) throws LoadException {
    awaitBrought(range).await(monitor.deadline());
    @Nullable Region given = giveOut(range);
    if (given == null) {
      awaitUntil(() -> false); // closed meanwhile: throws why
      throw new AssertionError("a ticket that ended goes on");
    }
    return given;
  }

  private StreamMark awaitBrought(int range) throws LoadException {
    count(1);
    try {
      awaitUntil(() -> all != null || (!ended && isBrought(range)));
    } finally {
      count(-1);
    }
    return laterMark(range);
  }

  private synchronized void count(int more) {
    waiting += more;
  }

  private synchronized StreamMark laterMark(int range) {
    return all == null ? markOf(range) : StreamMark.done();
  }

  private synchronized @Nullable Region giveOut(int range) {
    if (all != null) {
      return all.get(range);
    }
    if (ended) {
      return null;
    }
    Region region = region(range).orElseThrow();
    givenOut.add(region.buffer());
    return region;
  }
}
