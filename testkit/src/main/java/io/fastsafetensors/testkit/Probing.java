// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Availability.Available;
import io.fastsafetensors.spi.Availability.Unavailable;
import io.fastsafetensors.spi.Provider;
import java.util.function.Supplier;
import org.opentest4j.TestAbortedException;

/** Asks a plug-in whether it works here, before it is tried. */
final class Probing {
  private Probing() {}

  /** Returns what is available; skips the test, visibly, if nothing is. */
  static Available assumeAvailable(Provider plugin, Supplier<Availability> probe) {
    return switch (answer(plugin, probe)) {
      case Available available -> available;
      case Unavailable(String reason, var cause) ->
          throw new TestAbortedException(plugin.id() + " is unavailable here: " + reason);
    };
  }

  private static Availability answer(Provider plugin, Supplier<Availability> probe) {
    try {
      return probe.get();
    } catch (RuntimeException | LinkageError e) {
      throw new TestAbortedException(plugin.id() + " can't be probed: see rule P-103", e);
    }
  }
}
