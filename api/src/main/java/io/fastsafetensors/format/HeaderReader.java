// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import io.fastsafetensors.internal.file.FileKind;
import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.file.RegularFile;
import io.fastsafetensors.internal.text.Utf8;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/** Reads headers in two steps, so that one rank can read what all ranks parse. */
final class HeaderReader {
  /** A read into the heap leaves a native buffer of its size with the thread. */
  private static final int CHUNK_BYTES = 1 << 20;

  private HeaderReader() {}

  /**
   * Reads a file's header and nothing after it.
   *
   * @param path the file
   * @return the header, not yet parsed
   * @throws HeaderFormatException if the file is too short for a header (format rules 4.1, 1 to 3)
   * @throws LoadException if the file can't be read
   */
  static RawHeader readRaw(Path path) throws LoadException {
    try {
      RegularFile.size(path);
      try (FileChannel channel = FileChannel.open(path)) {
        try {
          return readRaw(path, channel, channel.size());
        } catch (HeaderFormatException e) {
          throw explained(e, start(channel));
        }
      }
    } catch (LoadException e) {
      throw e;
    } catch (ClosedByInterruptException e) {
      // The JDK closed this reader's own channel, and left the thread interrupted.
      throw new LoadCancelledException(
          path + ": the thread was interrupted while the header was read", false);
    } catch (IOException e) {
      throw new LoadException("can't read " + path + ": " + IoReason.of(e), e);
    }
  }

  private static byte[] start(FileChannel channel) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(FileKind.START_BYTES);
    while (start.hasRemaining() && channel.read(start, start.position()) >= 0) {}
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
  static RawHeader readRaw(Path path, FileChannel channel, long fileSize) throws IOException {
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

  private static ByteBuffer read(Path path, FileChannel channel, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.position() < bytes) {
      buffer.limit(Math.min(bytes, buffer.position() + CHUNK_BYTES));
      if (channel.read(buffer) < 0) {
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
