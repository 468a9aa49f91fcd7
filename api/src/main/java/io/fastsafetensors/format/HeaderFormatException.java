// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import io.fastsafetensors.internal.text.Printable;
import java.io.Serial;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A file is not a valid safetensors file.
 *
 * @since 0.1
 */
public final class HeaderFormatException extends LoadException {
  @Serial private static final long serialVersionUID = 1L;

  private final FormatRule rule;
  private final transient Path path;
  private final @Nullable String tensor;
  private final long byteOffset;
  private final @Nullable String actualFormat;

  /**
   * Makes an exception.
   *
   * @param rule the rule broken
   * @param path the file
   * @param tensor the tensor it is about, or null if none
   * @param byteOffset where in the file it shows, in bytes from its start
   * @param detail what is wrong, with the numbers
   */
  public HeaderFormatException(
      FormatRule rule, Path path, @Nullable String tensor, long byteOffset, String detail) {
    super(message(rule, path, tensor, byteOffset, detail));
    this.rule = rule;
    this.path = path;
    this.tensor = tensor;
    this.byteOffset = byteOffset;
    this.actualFormat = null;
  }

  /**
   * Makes an exception about a file of another format.
   *
   * @param rule the rule broken
   * @param path the file
   * @param byteOffset where in the file it shows, in bytes from its start
   * @param detail what the file is, and what to do about it
   * @param actualFormat what the file is
   */
  public HeaderFormatException(
      FormatRule rule, Path path, long byteOffset, String detail, String actualFormat) {
    super(message(rule, path, null, byteOffset, detail));
    this.rule = rule;
    this.path = path;
    this.tensor = null;
    this.byteOffset = byteOffset;
    this.actualFormat = actualFormat;
  }

  private static String message(
      FormatRule rule, Path path, @Nullable String tensor, long byteOffset, String detail) {
    String subject = tensor == null ? "" : ", tensor " + Printable.quote(tensor);
    return path + ": " + rule.referenceName() + " at byte " + byteOffset + subject + ": " + detail;
  }

  /**
   * Returns the rule that the file breaks.
   *
   * @return the rule
   */
  public FormatRule rule() {
    return rule;
  }

  /**
   * Returns the file.
   *
   * @return its path as the caller gave it
   */
  public Path path() {
    return path;
  }

  /**
   * Returns the tensor that the rule was broken by.
   *
   * @return its name, or empty if the header as a whole is wrong
   */
  public Optional<String> tensor() {
    return Optional.ofNullable(tensor);
  }

  /**
   * Returns where in the file the fault shows.
   *
   * @return bytes from the start of the file
   */
  public long byteOffset() {
    return byteOffset;
  }

  /**
   * Returns what the file is instead, as far as its first bytes tell.
   *
   * @return a text for people, such as {@code a Git LFS pointer}; empty if that can't be told, or
   *     the file is a damaged safetensors file
   */
  public Optional<String> actualFormat() {
    return Optional.ofNullable(actualFormat);
  }
}
