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

  /**
   * Makes an exception.
   *
   * @param backend the backend's id
   * @param file the file
   * @param detail what is missing
   * @param cause what was thrown, or null
   */
  public UnsupportedTransferException(
      String backend, Path file, String detail, @Nullable Throwable cause) {
    super(backend, file, 0, 0, detail, cause);
  }
}
