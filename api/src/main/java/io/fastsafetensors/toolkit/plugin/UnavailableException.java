// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.plugin;

import io.fastsafetensors.Reason;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * What a plug-in needs is not there: a library, a device, a right. The code of its {@link Reason}
 * tells them apart, which a probe answers.
 *
 * <p>Codes of this library: {@code plugin.other-device}, {@code plugin.other-platform}, {@code
 * plugin.no-native-access}, {@code plugin.no-library}, {@code plugin.other-version}, {@code
 * plugin.no-device}, {@code plugin.failed}.
 *
 * @since 0.1
 */
public final class UnavailableException extends LoadException {
  @Serial private static final long serialVersionUID = 1L;

  private final transient Reason reason;

  /**
   * Makes an exception.
   *
   * @param reason what is missing and what to do about it, one line: its text is the message
   * @param cause what led to it, or null
   */
  public UnavailableException(Reason reason, @Nullable Throwable cause) {
    super(reason.toString(), cause);
    this.reason = reason;
  }

  /**
   * Makes an exception of a code and a text.
   *
   * @param code the code
   * @param text what is missing and what to do about it, one line
   */
  public UnavailableException(String code, String text) {
    this(Reason.of(code, text), null);
  }

  /** {@return what is missing and what to do about it} */
  public Reason reason() {
    return reason;
  }

  /**
   * Answers a probe with what was thrown.
   *
   * @param failure what was thrown
   * @param code the code of the reason, unless the failure has one of its own
   * @return the answer; its reason is one line
   */
  public static Availability answer(Throwable failure, String code) {
    return failure instanceof UnavailableException known
        ? Availability.unavailable(known.reason, known.getCause())
        : Availability.unavailable(Reason.of(code, firstLine(failure)), failure);
  }

  private static String firstLine(Throwable failure) {
    return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
  }
}
