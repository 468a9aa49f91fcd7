// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.io.Serial;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A backend lacks what one file needs, such as a file system's support; another backend may serve
 * it. Never used for data that could not be read.
 *
 * @since 0.1
 */
public final class UnsupportedTransferException extends TransferException {
  @Serial private static final long serialVersionUID = 1L;

  private final transient @Nullable Reason reason;

  /**
   * Makes an exception whose reason has the code {@code file.unsupported}.
   *
   * @param backend the backend's id
   * @param file the file
   * @param detail what is missing
   * @param cause what was thrown, or null
   */
  public UnsupportedTransferException(
      String backend, Path file, String detail, @Nullable Throwable cause) {
    this(backend, file, otherwise(detail), cause);
  }

  /**
   * Makes an exception.
   *
   * @param backend the backend's id
   * @param file the file
   * @param reason what is missing
   * @param cause what was thrown, or null
   */
  public UnsupportedTransferException(
      String backend, Path file, Reason reason, @Nullable Throwable cause) {
    super(backend, file, 0, 0, reason.toString(), cause);
    this.reason = reason;
  }

  private static Reason otherwise(String detail) {
    return Reason.of("file.unsupported", detail);
  }

  /**
   * Returns what is missing.
   *
   * @return the reason; of an exception that was serialized the text alone
   */
  public Reason reason() {
    Reason given = reason;
    return given == null ? otherwise(detail()) : given;
  }
}
