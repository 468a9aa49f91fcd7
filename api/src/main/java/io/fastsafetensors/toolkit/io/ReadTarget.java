// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Where the bytes of one file go, and how each block gets there. {@link HostTarget} and {@link
 * RingTarget} serve most readers.
 *
 * <p>{@link #prepare} and {@link #bring} are called by several threads of the session at a time,
 * which are attached to the device, {@link #region} and {@link #mark} by others too; the rest by
 * one thread at a time.
 *
 * @since 0.1
 */
public interface ReadTarget {
  /**
   * What was done for a read; immutable.
   *
   * @since 0.1
   */
  final class Brought {
    private final FileRead read;
    private final TransferPath path;
    private final long readNanos;
    private final long copyNanos;

    private Brought(FileRead read, TransferPath path, long readNanos, long copyNanos) {
      this.read = read;
      this.path = path;
      this.readNanos = readNanos;
      this.copyNanos = copyNanos;
    }

    /**
     * Says that a read was done, by no device.
     *
     * @param read which bytes
     * @param path the way that they took
     * @param readNanos how long the read took
     * @return what was done
     */
    public static Brought of(FileRead read, TransferPath path, long readNanos) {
      return new Brought(read, path, readNanos, 0);
    }

    /**
     * Says that a device was waited for.
     *
     * @param nanos how long
     * @return what was done
     */
    public Brought waited(long nanos) {
      return new Brought(read, path, readNanos, copyNanos + nanos);
    }

    /** {@return which bytes} */
    public FileRead read() {
      return read;
    }

    /** {@return the way that they took} */
    public TransferPath path() {
      return path;
    }

    /** {@return how long the read took} */
    public long readNanos() {
      return readNanos;
    }

    /** {@return how long it took to wait for the device} */
    public long copyNanos() {
      return copyNanos;
    }
  }

  /**
   * Returns what is to be read.
   *
   * @return the reads, in the order of the file
   */
  List<FileRead> reads();

  /**
   * Returns what needs no read: its bytes are in their place.
   *
   * @return nothing unless overridden
   */
  default List<Brought> arrived() {
    return List.of();
  }

  /**
   * Does what a read needs, short of the read itself, such as allocating its memory; once for each
   * read. It is done in advance while storage is busy with other reads, or right before a read that
   * needs no storage.
   *
   * @param read one of {@link #reads}
   * @return the reads to do in its place; the same read unless overridden
   * @throws LoadException if there is no memory
   */
  default List<FileRead> prepare(FileRead read) throws LoadException {
    return List.of(read);
  }

  /**
   * Brings the bytes of a read to their place, or on the way to it.
   *
   * @param read a read that is prepared
   * @param path the way to read
   * @return what was done
   * @throws LoadException if a byte can't be read or placed
   */
  Brought bring(FileRead read, TransferPath path) throws LoadException;

  /**
   * Waits until all that was brought before is in its place.
   *
   * @param deadline how long to wait
   * @throws LoadException if it did not get there, or not in time
   */
  default void settle(Deadline deadline) throws LoadException {}

  /**
   * Tells whether nothing is under way any more, whether it arrived or failed.
   *
   * @return true unless overridden
   */
  default boolean isSettled() {
    return true;
  }

  /**
   * Returns a mark behind what was brought so far, while more may be on its way; called by several
   * threads at a time.
   *
   * @return a mark that is done unless overridden, which fits targets that bring bytes to their
   *     place at once
   */
  default StreamMark mark() {
    return StreamMark.done();
  }

  /**
   * Tells where one range of the plan is or will be, while it is read; called by several threads at
   * a time.
   *
   * @param range the range's place in the plan, from 0
   * @return a contiguous region, the one that {@link #regions} will have; empty if that isn't known
   *     yet. Unless overridden it is known for all ranges together only: none is given out early
   */
  default Optional<Region> region(int range) {
    return Optional.empty();
  }

  /**
   * Returns the memory, once all bytes are in their place.
   *
   * @return each buffer once
   */
  List<DeviceBuffer> buffers();

  /**
   * Returns where the ranges of the plan are, once all bytes are in their place.
   *
   * @return a contiguous region for each range, in the plan's order
   */
  List<Region> regions();

  /**
   * Ends the target's part: promises that are not needed are given back, and so is the memory
   * unless it is the caller's. Called once, when nothing touches the memory any more. Throws
   * nothing.
   *
   * @param handedOut whether the buffers are the caller's
   */
  void release(boolean handedOut);

  /**
   * Ends the target's part of a file that failed or was given up, as {@link #release} does, but
   * leaves buffers of which ranges were given out early.
   *
   * @param givenOut tells which those are; unless overridden, for targets of one buffer
   */
  default void releaseBut(Predicate<DeviceBuffer> givenOut) {
    release(buffers().stream().anyMatch(givenOut));
  }
}
