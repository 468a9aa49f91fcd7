// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;

/**
 * A header as it stands in the file, not yet parsed: for those who read it in one place, such as a
 * rank or a server, and parse it in others. Its components are all that the format has.
 *
 * @param json the header without its length, UTF-8 if the file is valid; not copied, so that who
 *     changes it changes the header
 * @param fileSize the size of the whole file, in bytes
 * @since 0.1
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; a copy would cost up to 100 MB
public record RawHeader(byte[] json, long fileSize) {
  /**
   * Reads a file's header and nothing after it. Blocks for the read; keeps nothing open.
   *
   * @param path the file, of any provider
   * @return the header
   * @throws HeaderFormatException if the file is too short for a header, or its length too large
   * @throws LoadCancelledException if the thread is interrupted meanwhile
   * @throws LoadException if the file can't be read
   */
  public static RawHeader read(Path path) throws LoadException {
    return HeaderReader.readRaw(path);
  }

  /**
   * Reads a header from an open file and nothing after it. Blocks for the read.
   *
   * @param label the file, for messages; needn't exist here
   * @param channel the file, at its start; stays open
   * @return the header
   * @throws HeaderFormatException if the file is too short for a header, or its length too large
   * @throws LoadCancelledException if the thread is interrupted meanwhile
   * @throws LoadException if the file can't be read, whatever the channel throws
   */
  public static RawHeader read(Path label, SeekableByteChannel channel) throws LoadException {
    return HeaderReader.readRaw(label, channel);
  }

  /**
   * Parses and checks the header.
   *
   * @param label the file, for messages and {@link SafetensorsHeader#path()}; needn't exist here
   * @return the header
   * @throws HeaderFormatException if it breaks a rule of the format
   */
  public SafetensorsHeader parse(Path label) throws HeaderFormatException {
    return HeaderReader.parse(label, this);
  }
}
