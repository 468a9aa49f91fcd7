// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.file.IoReason;
import java.io.IOException;
import java.nio.file.Path;

/** Says what failed in a save. */
final class SaveFailure {
  private SaveFailure() {}

  /** Part of a save. */
  interface Step<T> {
    T run() throws IOException;
  }

  /**
   * Takes a step; a failure names the target, unless it is of the library, which says so itself.
   */
  static <T> T naming(Path target, Step<T> step) throws IOException {
    try {
      return step.run();
    } catch (LoadException e) {
      throw e;
    } catch (IOException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw SaveSignal.interrupted(e);
      }
      String reason = IoReason.of(e);
      throw new IOException("can't save to " + target + ": " + reason + remedy(reason), e);
    }
  }

  /** Says what to do where the system only says what is wrong, in words that it always uses. */
  private static String remedy(String reason) {
    for (Remedy remedy : Remedy.values()) {
      if (reason.endsWith(remedy.reason)) {
        return remedy.text;
      }
    }
    return "";
  }

  private enum Remedy {
    SPACE("No space left on device", ": make room, or save elsewhere"),
    QUOTA("Disk quota exceeded", ": make room, have the quota raised, or save elsewhere"),
    DISK("Input/output error", ": the disk fails, as the kernel's log may say; save elsewhere"),
    OWNER("Operation not permitted", ": save as the user who owns the files, or elsewhere");

    private final String reason;
    private final String text;

    Remedy(String reason, String text) {
      this.reason = reason;
      this.text = text;
    }
  }
}
