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

  /** Takes a step; a failure names the target, unless it is of the library, which says so itself. */
  static <T> T naming(Path target, Step<T> step) throws IOException {
    try {
      return step.run();
    } catch (LoadException e) {
      throw e;
    } catch (IOException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw SaveSignal.interrupted(e);
      }
      throw new IOException("can't save to " + target + ": " + IoReason.of(e), e);
    }
  }
}
