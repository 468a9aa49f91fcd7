// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The answer of a probe: whether a plug-in works here, and if not, why.
 *
 * @since 0.1
 */
public sealed interface Availability {
  /**
   * The plug-in works here.
   *
   * @param capabilities what it can do here
   * @param byDefault whether it may be chosen without being asked for by id; false for a mode that
   *     works but is slower than the next plug-in
   * @param detail versions and modes, one line for operators; may be empty
   * @since 0.1
   */
  record Available(Set<Capability> capabilities, boolean byDefault, String detail)
      implements Availability {
    /** Copies the capabilities. */
    public Available {
      capabilities = Set.copyOf(capabilities);
    }
  }

  /**
   * The plug-in does not work here.
   *
   * @param reason what is missing and what to do about it, one line
   * @param cause what led to it, or null
   * @since 0.1
   */
  record Unavailable(String reason, @Nullable Throwable cause) implements Availability {}

  /**
   * Says that a plug-in works and may be chosen by default.
   *
   * @param detail versions and modes, one line; may be empty
   * @param capabilities what it can do here
   * @return the answer
   */
  static Availability available(String detail, Capability... capabilities) {
    return new Available(Set.of(capabilities), true, detail);
  }

  /**
   * Says that a plug-in does not work here.
   *
   * @param reason what is missing and what to do about it, one line
   * @return the answer
   */
  static Availability unavailable(String reason) {
    return new Unavailable(reason, null);
  }

  /**
   * Says that a plug-in does not work here, and what was thrown.
   *
   * @param reason what is missing and what to do about it, one line
   * @param cause what led to it
   * @return the answer
   */
  static Availability unavailable(String reason, Throwable cause) {
    return new Unavailable(reason, cause);
  }
}
