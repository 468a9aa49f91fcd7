// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Device;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.file.Channels;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;

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
}
