// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Says why an operation on a file failed, where the exception's own message is just a path. */
public final class IoReason {
  private IoReason() {}

  /**
   * Explains an exception.
   *
   * @param e what was thrown
   * @return the reason, for the end of a message that names the file
   */
  public static String of(Exception e) {
    return switch (e) {
      case NoSuchFileException _ -> "there is no such file";
      case AccessDeniedException _ -> "permission denied";
      case UncheckedIOException u when u.getCause() != null -> of(u.getCause());
      case DirectoryIteratorException d when d.getCause() != null -> of(d.getCause());
      case FileSystemException f when f.getReason() != null -> f.getReason();
      default ->
          e.getMessage() == null || e instanceof FileSystemException || !(e instanceof IOException)
              ? e.toString()
              : e.getMessage();
    };
  }
}
