// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Reason;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The answer of a probe: whether a plug-in works here, and if not, why. Immutable.
 *
 * @since 0.1
 */
public sealed interface Availability {
  /**
   * Says that a plug-in works and may be chosen by default.
   *
   * @param detail versions and modes, one line; may be empty
   * @param capabilities what it can do here
   * @return the answer
   */
  static Available available(String detail, Capability... capabilities) {
    return available(Reason.of("plugin.available", detail), capabilities);
  }

  /**
   * Says that a plug-in works and may be chosen by default.
   *
   * @param detail versions and modes, one line
   * @param capabilities what it can do here
   * @return the answer
   */
  static Available available(Reason detail, Capability... capabilities) {
    return new Available(Set.of(capabilities), true, detail);
  }

  /**
   * Says that a plug-in does not work here.
   *
   * @param reason what is missing and what to do about it, one line
   * @return the answer
   */
  static Unavailable unavailable(String reason) {
    return unavailable(reason, null);
  }

  /**
   * Says that a plug-in does not work here, and what was thrown.
   *
   * @param reason what is missing and what to do about it, one line
   * @param cause what led to it, or null
   * @return the answer
   */
  static Unavailable unavailable(String reason, @Nullable Throwable cause) {
    return unavailable(Reason.of("plugin.unavailable", reason), cause);
  }

  /**
   * Says that a plug-in does not work here, and what was thrown.
   *
   * @param reason what is missing and what to do about it, one line
   * @param cause what led to it, or null
   * @return the answer
   */
  static Unavailable unavailable(Reason reason, @Nullable Throwable cause) {
    return new Unavailable(reason, cause);
  }

  /**
   * The plug-in works here.
   *
   * @since 0.1
   */
  final class Available implements Availability {
    private final Set<Capability> capabilities;
    private final boolean byDefault;
    private final Reason detail;

    private Available(Set<Capability> capabilities, boolean byDefault, Reason detail) {
      this.capabilities = Set.copyOf(capabilities);
      this.byDefault = byDefault;
      this.detail = detail;
    }

    /**
     * Returns this answer for a mode that works but is slower than the next plug-in.
     *
     * @return an answer by which the plug-in is chosen only if it is asked for by id
     */
    public Available onlyIfAskedFor() {
      return new Available(capabilities, false, detail);
    }

    /** {@return what the plug-in can do here; unmodifiable} */
    public Set<Capability> capabilities() {
      return capabilities;
    }

    /** {@return whether it may be chosen without being asked for by id} */
    public boolean byDefault() {
      return byDefault;
    }

    /** {@return versions and modes, one line for operators; may be empty} */
    public Reason detail() {
      return detail;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Available that
          && capabilities.equals(that.capabilities)
          && byDefault == that.byDefault
          && detail.equals(that.detail);
    }

    @Override
    public int hashCode() {
      return Objects.hash(capabilities, byDefault, detail);
    }

    @Override
    public String toString() {
      return "available" + (byDefault ? "" : " if asked for") + ": " + detail;
    }
  }

  /**
   * The plug-in does not work here.
   *
   * @since 0.1
   */
  final class Unavailable implements Availability {
    private final Reason reason;
    private final @Nullable Throwable cause;

    private Unavailable(Reason reason, @Nullable Throwable cause) {
      this.reason = reason;
      this.cause = cause;
    }

    /** {@return what is missing and what to do about it, one line} */
    public Reason reason() {
      return reason;
    }

    /** {@return what led to it, or null} */
    public @Nullable Throwable cause() {
      return cause;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Unavailable that
          && reason.equals(that.reason)
          && Objects.equals(cause, that.cause);
    }

    @Override
    public int hashCode() {
      return Objects.hash(reason, cause);
    }

    @Override
    public String toString() {
      return "unavailable: " + reason;
    }
  }
}
