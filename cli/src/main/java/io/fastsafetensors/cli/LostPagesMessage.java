// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** Says which file it is when mapped memory can't be touched: the JDK's error doesn't. */
final class LostPagesMessage {
  /** What the JDK's error says; other internal errors have other causes. */
  private static final String JDK_WORDS = "unsafe memory access";

  private LostPagesMessage() {}

  /** Makes a task name the file that its memory may be mapped from. */
  static <T> Callable<T> named(Path file, Callable<T> task) {
    return () -> {
      try {
        return task.call();
      } catch (InternalError e) {
        if (!String.valueOf(e.getMessage()).contains(JDK_WORDS)) {
          throw e;
        }
        throw new IOException(
            file
                + ": mapped bytes can't be read any more: the file was cut off, or its storage"
                + " failed; load again, with --path copied if the file may change",
            e);
      }
    };
  }
}
