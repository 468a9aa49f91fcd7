// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.LoadException;
import java.io.Serial;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of a file did not reach the device: an I/O error, a short read, a file that changed.
 *
 * @since 0.1
 */
public sealed class TransferException extends LoadException permits UnsupportedTransferException {
  @Serial private static final long serialVersionUID = 1L;

  private final String backend;
  private final transient Path file;
  private final long offset;
  private final long length;
  private final String detail;

  /**
   * Makes an exception.
   *
   * @param backend the backend's id
   * @param file the file
   * @param offset where in the file the failed operation started, in bytes
   * @param length how many bytes it was to move; 0 if it failed before any
   * @param detail what happened, with the native error's name if there is one
   * @param cause what was thrown, or null
   */
  public TransferException(
      String backend,
      Path file,
      long offset,
      long length,
      String detail,
      @Nullable Throwable cause) {
    super(file + ": " + detail + " (backend " + backend + range(offset, length) + ")", cause);
    this.backend = backend;
    this.file = file;
    this.offset = offset;
    this.length = length;
    this.detail = detail;
  }

  private static String range(long offset, long length) {
    return length == 0 ? "" : ", " + length + " bytes at " + offset;
  }

  /**
   * Returns what happened, without file, backend and bytes.
   *
   * @return the part of the message between them
   */
  public String detail() {
    return detail;
  }

  /**
   * Returns who was reading.
   *
   * @return the backend's id
   */
  public String backend() {
    return backend;
  }

  /**
   * Returns the file.
   *
   * @return its path as the caller gave it
   */
  public Path file() {
    return file;
  }

  /**
   * Returns where the failed operation started.
   *
   * @return bytes from the start of the file
   */
  public long offset() {
    return offset;
  }

  /**
   * Returns how much the failed operation was to move.
   *
   * @return bytes
   */
  public long length() {
    return length;
  }
}
