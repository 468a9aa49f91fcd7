// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import io.fastsafetensors.internal.file.Channels;
import io.fastsafetensors.internal.file.FileKind;
import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.file.RegularFile;
import io.fastsafetensors.internal.text.Utf8;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/** Reads headers in two steps, so that one rank can read what all ranks parse. */
final class HeaderReader {
  /** A read into the heap leaves a native buffer of its size with the thread. */
  private static final int CHUNK_BYTES = 1 << 20;

  /** How often in a row a channel may give nothing before that counts as a failure. */
  private static final int MOST_EMPTY_READS = 1000;

  private HeaderReader() {}

  /**
   * Reads a file's header and nothing after it.
   *
   * @param path the file, of any provider
   * @return the header, not yet parsed
   * @throws HeaderFormatException if the file is too short for a header (format rules 4.1, 1 to 3)
   * @throws LoadException if the file can't be read
   */
  static RawHeader readRaw(Path path) throws LoadException {
    try {
      var _ = RegularFile.attributes(path);
      try (SeekableByteChannel channel = Channels.open(path)) {
        return readRaw(path, channel);
      }
    } catch (IOException | RuntimeException e) {
      throw failure(path, e);
    }
  }

  /** Reads from a channel that is at its start. */
  static RawHeader readRaw(Path path, SeekableByteChannel channel) throws LoadException {
    try {
      return readRaw(path, channel, channel.size());
    } catch (HeaderFormatException e) {
      throw explained(e, start(channel));
    } catch (IOException | RuntimeException e) {
      throw failure(path, e);
    }
  }

  /** Makes the error of a file system that threw: those that aren't the JDK's throw anything. */
  private static LoadException failure(Path path, Exception thrown) {
    return switch (thrown) {
      case LoadException e -> e;
      // The JDK closed this reader's own channel, and left the thread interrupted.
      case ClosedByInterruptException _ ->
          new LoadCancelledException(
              path + ": the thread was interrupted while the header was read", false);
      default -> new LoadException("can't read " + path + ": " + IoReason.of(thrown), thrown);
    };
  }

  /** Returns the file's first bytes, as far as they can be read. */
  private static byte[] start(SeekableByteChannel channel) {
    ByteBuffer start = ByteBuffer.allocate(FileKind.START_BYTES);
    try {
      fill(start, channel.position(0));
    } catch (IOException | RuntimeException e) {
      return new byte[] {1}; // nothing that any kind of file begins with
    }
    return Arrays.copyOf(start.array(), start.position());
  }

  /** Says what a file is that has no header, where its first bytes tell. */
  private static HeaderFormatException explained(HeaderFormatException fault, byte[] start) {
    return FileKind.of(start)
        .map(kind ->
            new HeaderFormatException(
                fault.rule(),
                fault.path(),
                fault.byteOffset(),
                kind.insteadOf("safetensors"),
                kind.what()))
        .orElse(fault);
  }

  /** Reads from a file that had {@code fileSize} bytes a moment ago. */
  static RawHeader readRaw(Path path, SeekableByteChannel channel, long fileSize)
      throws IOException {
    if (fileSize < HeaderFaults.LENGTH_BYTES) {
      throw new HeaderFormatException(
          FormatRule.HEADER_TOO_SMALL,
          path,
          null,
          fileSize,
          "the file has "
              + fileSize
              + " bytes, 8 are needed for the header's length: it is cut short, download it again");
    }
    long length =
        read(path, channel, HeaderFaults.LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    checkLength(path, length, fileSize);
    return new RawHeader(read(path, channel, (int) length).array(), fileSize);
  }

  private static void checkLength(Path path, long length, long fileSize)
      throws HeaderFormatException {
    HeaderFaults.checkNotTooLarge(path, length);
    long available = fileSize - HeaderFaults.LENGTH_BYTES;
    if (length > available) {
      throw new HeaderFormatException(
          FormatRule.INVALID_HEADER_LENGTH,
          path,
          null,
          0,
          "a header of "
              + length
              + " bytes, the file has "
              + available
              + " after its length: it is cut short, download it again");
    }
  }

  private static ByteBuffer read(Path path, SeekableByteChannel channel, int bytes)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.position() < bytes) {
      buffer.limit(Math.min(bytes, buffer.position() + CHUNK_BYTES));
      if (!fill(buffer, channel)) {
        throw new HeaderFormatException(
            FormatRule.INVALID_HEADER_LENGTH,
            path,
            null,
            channel.position(),
            "the file was cut short while its header was read");
      }
    }
    return buffer;
  }

  /** Fills a buffer up to its limit; returns false if the file ends before. */
  private static boolean fill(ByteBuffer buffer, SeekableByteChannel channel) throws IOException {
    for (int empty = 0; buffer.hasRemaining(); ) {
      int count = channel.read(buffer);
      if (count < 0) {
        return false;
      }
      empty = count == 0 ? empty + 1 : 0;
      if (empty > MOST_EMPTY_READS) {
        throw new IOException("its channel gives no bytes at byte " + channel.position());
      }
    }
    return true;
  }

  /**
   * Parses and checks a header (format rules 4.1, 4 to 7).
   *
   * @param label the file, for messages and {@link SafetensorsHeader#path()}; needn't exist here
   * @param raw what {@link #readRaw} gave, here or on another rank
   * @return the header
   * @throws HeaderFormatException if it breaks a rule of the format
   */
  static SafetensorsHeader parse(Path label, RawHeader raw) throws HeaderFormatException {
    try {
      return parseJson(label, raw);
    } catch (HeaderFormatException e) {
      throw e.tensor().isPresent() ? e : explained(e, start(raw));
    }
  }

  private static byte[] start(RawHeader raw) {
    byte[] json = raw.json();
    int length = Math.min(json.length, FileKind.START_BYTES - HeaderFaults.LENGTH_BYTES);
    return ByteBuffer.allocate(HeaderFaults.LENGTH_BYTES + length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json, 0, length)
        .array();
  }

  private static SafetensorsHeader parseJson(Path label, RawHeader raw)
      throws HeaderFormatException {
    HeaderFaults faults = new HeaderFaults(label, raw.json());
    if (raw.json().length == 0) {
      throw faults.atByte(
          FormatRule.INVALID_HEADER_DESERIALIZATION,
          null,
          0,
          "no header: the file begins with zeros, as a download that was never filled: "
              + "download it again");
    }
    OptionalInt invalid = Utf8.firstInvalid(raw.json());
    if (invalid.isPresent()) {
      throw faults.atByte(
          FormatRule.INVALID_HEADER, null, invalid.getAsInt(), "the header is not valid UTF-8");
    }
    HeaderParser.Content content = HeaderParser.parse(faults);
    List<TensorInfo> tensors =
        new HeaderValidator(faults).validate(content.tensors(), raw.fileSize());
    long dataOffset = HeaderFaults.LENGTH_BYTES + (long) raw.json().length;
    return new SafetensorsHeader(label, dataOffset, raw.fileSize(), tensors, content.metadata());
  }
}
