// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import java.io.IOException;

/** Ends a save, and hears how far it is. Thread-safe. */
public interface SaveControl {
  /** Lets a save run to its end. */
  SaveControl NONE =
      new SaveControl() {
        @Override
        public void check() {}

        @Override
        public void written(long bytes) {}
      };

  /**
   * Goes on, or ends the save.
   *
   * @throws IOException to end it
   */
  void check() throws IOException;

  /**
   * Hears of progress.
   *
   * @param bytes how many more were written
   */
  void written(long bytes);
}
