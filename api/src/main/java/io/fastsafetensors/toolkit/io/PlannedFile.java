// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.RangePlan;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The open file of a plan. It knows how to read the file, and notices when the file is not the one
 * that was planned (rules IO-103 and IO-105). Every failure says which file, where and why.
 *
 * <p>A reader for another kind of storage extends this class and overrides {@link #openSource},
 * {@link #state}, {@link #read} and {@link #close}. Reads come from several threads at a time; the
 * rest is called by one thread at a time.
 *
 * @since 0.1
 */
public abstract class PlannedFile implements AutoCloseable {
  private static final String REMEDY = "load again when nobody writes to it";

  private final String backend;
  private final Path path;
  private final long size;
  private @Nullable Object version;

  /**
   * What a file is at one moment; immutable.
   *
   * @since 0.1
   */
  protected static final class State {
    private final boolean regular;
    private final long size;
    private final @Nullable Object version;

    private State(boolean regular, long size, @Nullable Object version) {
      this.regular = regular;
      this.size = size;
      this.version = version;
    }

    /**
     * Says what a file is.
     *
     * @param regular whether bytes can be read at any offset; false for a folder
     * @param size its size in bytes
     * @param version a value that differs after each change, such as the time of the last write;
     *     null if unknown
     * @return the state
     */
    public static State of(boolean regular, long size, @Nullable Object version) {
      return new State(regular, size, version);
    }
  }

  /**
   * Plans to read a file, which is not open yet.
   *
   * @param backend the id of the backend that reads it
   * @param plan what is to be read
   */
  protected PlannedFile(String backend, RangePlan plan) {
    this.backend = backend;
    this.path = plan.file();
    this.size = plan.fileSize();
  }

  /**
   * Opens the source.
   *
   * @throws IOException if it can't be opened, or has no such file; a {@link LoadException} goes to
   *     the caller as it is
   */
  protected abstract void openSource() throws IOException;

  /**
   * Asks what the open file is at this moment.
   *
   * @return the state
   * @throws IOException if the source does not answer
   */
  protected abstract State state() throws IOException;

  /**
   * Reads until the target is full, or the file ends.
   *
   * @param wanted the way to read; a file that has but one ignores it
   * @param target where the bytes go, memory that the host sees
   * @param offset where they are in the file
   * @return the way that was taken
   * @throws LoadException if a byte can't be read, or the file ends within what was planned
   */
  public abstract TransferPath read(TransferPath wanted, MemorySegment target, long offset)
      throws LoadException;

  /**
   * Returns what offsets and lengths of reads have to be multiples of.
   *
   * @param way how the file is read
   * @return a power of two, in bytes; 1 unless overridden
   */
  public long grain(TransferPath way) {
    return 1;
  }

  /**
   * Tells whether a read can bring bytes right to a place in memory.
   *
   * @param way how the file is read
   * @param address the place
   * @param offset where the bytes start in the file
   * @param bytes how many
   * @return true if offset and number keep the grain, unless overridden
   */
  public boolean canReadInPlace(TransferPath way, long address, long offset, long bytes) {
    return ((offset | bytes) & grain(way) - 1) == 0;
  }

  /** Closes the source; a second call does nothing. Throws nothing. */
  @Override
  public abstract void close();

  /**
   * Opens the file, and checks that it is as large as planned.
   *
   * @throws UnsupportedTransferException if it is not a regular file
   * @throws LoadException if it can't be opened, or has another size: nothing stays open
   */
  public final void open() throws LoadException {
    boolean opened = false;
    try {
      openSource();
      version = checked(state()).version;
      opened = true;
    } catch (IOException | RuntimeException e) {
      throw failure(0, size, "open", e);
    } finally {
      if (!opened) {
        close();
      }
    }
  }

  /**
   * Opens the file as a channel, for {@link io.fastsafetensors.spi.IoBackend#channel} of a backend
   * whose files the platform doesn't know. Reads go through the heap, at least 64 KiB each.
   *
   * @return the channel, at its start; it closes this file
   * @throws LoadException as {@link #open} does
   */
  public final SeekableByteChannel openAsChannel() throws LoadException {
    open();
    return new PlannedChannel(this);
  }

  /**
   * Makes sure that nobody wrote to the file since it was opened.
   *
   * @throws LoadException if somebody did
   */
  public final void checkUnchanged() throws LoadException {
    try {
      State now = checked(state());
      boolean known = version != null && now.version != null;
      if (known && !Objects.equals(version, now.version)) {
        throw error(0, size, "the file was written to while it was read; " + REMEDY, null);
      }
    } catch (IOException | RuntimeException e) {
      throw failure(0, size, "check", e);
    }
  }

  private State checked(State now) throws TransferException {
    if (!now.regular) {
      throw unsupported("is no regular file", null);
    }
    if (now.size != size) {
      throw error(
          0,
          size,
          "the file changed: it had %s bytes, it has %s bytes now; %s"
              .formatted(size, now.size, REMEDY),
          null);
    }
    return now;
  }

  /** {@return the file} */
  public final Path path() {
    return path;
  }

  /** {@return the size that was planned, in bytes} */
  public final long size() {
    return size;
  }

  /**
   * Makes the error of bytes that can't be read.
   *
   * @param offset where the bytes are in the file
   * @param bytes how many
   * @param detail what happened
   * @param cause what was thrown, or null
   * @return the exception
   */
  public final TransferException error(
      long offset, long bytes, String detail, @Nullable Throwable cause) {
    return new TransferException(backend, path, offset, bytes, detail, cause);
  }

  /**
   * Makes the error of a file that ends before its planned size.
   *
   * @param offset where it ends
   * @param bytes how many bytes were wanted from there
   * @return the exception
   */
  public final TransferException endsAt(long offset, long bytes) {
    return error(
        offset,
        bytes,
        "the file changed: it had %s bytes, it ends at byte %s now; %s"
            .formatted(size, offset, REMEDY),
        null);
  }

  /**
   * Makes the error that leaves the file to the next backend.
   *
   * @param detail what the backend lacks
   * @param cause what was thrown, or null
   * @return the exception
   */
  public final UnsupportedTransferException unsupported(String detail, @Nullable Throwable cause) {
    return new UnsupportedTransferException(backend, path, detail, cause);
  }

  /**
   * Makes the error that leaves the file to the next backend.
   *
   * @param reason what the backend lacks
   * @param cause what was thrown, or null
   * @return the exception
   */
  public final UnsupportedTransferException unsupported(Reason reason, @Nullable Throwable cause) {
    return new UnsupportedTransferException(backend, path, reason, cause);
  }

  /**
   * Makes the error of an operation that threw: providers of file systems throw what they like.
   *
   * @param offset where the operation's bytes are in the file
   * @param bytes how many
   * @param doing the operation, as in {@code open}
   * @param thrown what it threw
   * @return the exception; {@code thrown} itself if it is one already
   */
  public final LoadException failure(long offset, long bytes, String doing, Exception thrown) {
    return switch (thrown) {
      case LoadException e -> e;
      // The channel is closed, and the thread stays interrupted.
      case ClosedByInterruptException _ ->
          new LoadCancelledException(path + ": the thread was interrupted", false);
      case NoSuchFileException e -> error(offset, bytes, "no such file", e);
      default -> error(offset, bytes, "can't " + doing + ": " + thrown, thrown);
    };
  }
}
