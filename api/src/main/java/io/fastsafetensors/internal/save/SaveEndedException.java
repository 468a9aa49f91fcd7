// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import java.io.IOException;
import java.io.Serial;

/** A part of a save ends because another one has failed. */
final class SaveEndedException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  SaveEndedException(Throwable cause) {
    super("the save has failed", cause);
  }
}
