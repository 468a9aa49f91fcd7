// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.file.Channels;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A way to bring bytes of files into device memory: the plug-in of readers.
 *
 * @since 0.1
 */
public interface IoBackend extends Provider {
  /**
   * Finds out whether this backend can read into a device here, by touching the real thing; never
   * throws, is cheap, and leaves nothing behind (rule P-103).
   *
   * @param device where the bytes are to go
   * @return available, or the reason why not
   */
  Availability probe(Device device);

  /**
   * Opens a session for one load.
   *
   * @param context the device, open; the session does not close it
   * @param options how to read
   * @return the session; the caller closes it after all its tickets
   * @throws LoadException if it can't be opened
   */
  IoSession open(DeviceContext context, IoOptions options) throws LoadException;

  /**
   * Opens a file as a channel of its own (rule IO-125). The engine reads the header through it, so
   * that header and ranges come from the same source; backends may read ranges through it, too.
   * Blocks, for as long as opening takes. Thread-safe.
   *
   * @param file the file, of any provider; for a backend whose files are elsewhere it needn't exist
   * @return a channel for reading, at its start; the caller closes it. Unless overridden it is a
   *     {@link FileChannel} where the provider has one, else what {@link
   *     java.nio.file.Files#newByteChannel} gives. For an entry of a zip file it reads the entry's
   *     stream, and goes back by reading it anew
   * @throws UnsupportedTransferException if this backend lacks what the file needs; the engine then
   *     asks the next backend
   * @throws IOException if the file can't be opened
   */
  default SeekableByteChannel channel(Path file) throws IOException {
    return Channels.open(file);
  }

  /**
   * Opens a file of which bytes are read when somebody wants them, for as long as a checkpoint is
   * open (rules IO-126 to IO-130). Blocks, for as long as opening takes. Thread-safe.
   *
   * @param file the file, as for {@link #channel}
   * @param options how to read: {@link IoOptions#direct}, {@link IoOptions#path}, {@link
   *     IoOptions#writable} and {@link IoOptions#properties} count. Whoever can't read as {@code
   *     direct} {@code ON} says refuses the file (rule IO-121); what the mapping of {@code MAPPED}
   *     is, the engine sees to
   * @return the open file; the caller closes it. Unless overridden it reads by {@link #channel}: a
   *     {@link FileChannel} serves all threads, and is mapped; of other channels each thread that
   *     reads at the same time has one
   * @throws UnsupportedTransferException if this backend lacks what the file or the options need;
   *     the engine then asks the next backend
   * @throws IOException if the file can't be opened
   */
  default OpenFile openFile(Path file, IoOptions options) throws IOException {
    if (options.direct() == DirectMode.ON) {
      throw new UnsupportedTransferException(id(), file, "reads by channels, not direct", null);
    }
    return OpenChannels.open(file, options.writable(), () -> channel(file));
  }

  /**
   * An open file that is read at any place, at any time. Thread-safe, but for {@link #close}: the
   * engine calls that once no other call is under way.
   *
   * @since 0.1
   */
  interface OpenFile extends AutoCloseable {
    /**
     * Returns the size that the file had when it was opened.
     *
     * @return bytes
     */
    long size();

    /**
     * Asks what the open file is at this moment (rule IO-128). The engine asks after each read, so
     * it must be cheap.
     *
     * @return a value that is equal as long as it is the same file and nobody wrote to it, also of
     *     a file that is opened again; empty if the source doesn't tell
     * @throws IOException if the source does not answer
     */
    Optional<Object> version() throws IOException;

    /**
     * Fills memory with bytes of the file (rules IO-126 and IO-127); blocks.
     *
     * @param target native memory that this thread may write to, of any size and at any address;
     *     the backend keeps nothing of it
     * @param offset where the bytes are in the file; target and file end where they like
     * @return the way that the bytes took
     * @throws IOException if not all bytes can be read
     */
    TransferPath read(MemorySegment target, long offset) throws IOException;

    /**
     * Tells whether bytes are in the page cache, so that to look at them in {@link #map} waits for
     * no storage.
     *
     * @param offset where the bytes are in the file
     * @param bytes how many
     * @return true if all, or all but a few pages, are; false unless overridden, and if nobody
     *     knows
     */
    default boolean isCached(long offset, long bytes) {
      return false;
    }

    /**
     * Maps the whole file (rule IO-129).
     *
     * @return the page cache itself, as memory of the host that stays valid after this file is
     *     closed; the caller closes it. Read-only; or, with {@link IoOptions#writable}, a mapping
     *     for each call in which a page that is written is copied first (rule IO-136). Empty unless
     *     overridden, and where there is no such mapping
     * @throws IOException if it should be possible, and fails
     */
    default Optional<DeviceBuffer> map() throws IOException {
      return Optional.empty();
    }

    /**
     * Tells whether a call may wait for another host or program, and so for ever. The engine makes
     * the calls on such a file on a thread that it can leave behind, which takes longer.
     *
     * @return true unless overridden
     */
    default boolean mayHang() {
      return true;
    }

    /** Closes the file (rule IO-130). A second call does nothing. Throws nothing. */
    @Override
    void close();
  }
}
