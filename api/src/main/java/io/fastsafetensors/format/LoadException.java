// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * A load failed for a reason outside the program: a file, a device, a peer.
 *
 * <p>Subtypes say which; a plain {@code LoadException} is about the set of files as a whole (a
 * missing file, a tensor in two files, an index that doesn't match). Mistakes in calling the API
 * are unchecked exceptions instead.
 *
 * @since 0.1
 */
public class LoadException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes an exception.
   *
   * @param message what failed, with file, tensor and numbers, and what to do about it
   */
  public LoadException(String message) {
    this(message, null);
  }

  /**
   * Makes an exception with a cause.
   *
   * @param message what failed, with file, tensor and numbers, and what to do about it
   * @param cause what led to it, or null
   */
  public LoadException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
