// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A file that a save wrote, and how; immutable.
 *
 * @since 0.1
 */
public final class SavedFile {
  private final Path file;
  private final int tensors;
  private final long bytes;
  private final long written;
  private final Reason reason;

  private SavedFile(Path file, int tensors, long bytes, long written, Reason reason) {
    this.file = Objects.requireNonNull(file, "file");
    this.tensors = tensors;
    this.bytes = bytes;
    this.written = written;
    this.reason = Objects.requireNonNull(reason, "reason");
  }

  /**
   * Makes an entry of a file that this process wrote alone.
   *
   * @param file the file
   * @param tensors how many tensors it has
   * @param bytes its size, in bytes
   * @param reason how it was written, and why
   * @return the entry
   */
  public static SavedFile of(Path file, int tensors, long bytes, Reason reason) {
    return new SavedFile(file, tensors, bytes, bytes, reason);
  }

  /**
   * Says that other ranks of a group wrote to the file, too.
   *
   * @param value how many bytes this rank wrote
   * @return such an entry
   */
  public SavedFile withWritten(long value) {
    return new SavedFile(file, tensors, bytes, value, reason);
  }

  /** {@return the file} */
  public Path file() {
    return file;
  }

  /** {@return how many tensors it has} */
  public int tensors() {
    return tensors;
  }

  /** {@return its size, in bytes} */
  public long bytes() {
    return bytes;
  }

  /** {@return how many of the bytes this rank wrote; all of them unless it is one of a group} */
  public long written() {
    return written;
  }

  /**
   * Returns how it was written, and why.
   *
   * @return {@code save.direct}, or {@code save.buffered} with the value {@code why}
   */
  public Reason reason() {
    return reason;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SavedFile that
        && file.equals(that.file)
        && tensors == that.tensors
        && bytes == that.bytes
        && written == that.written
        && reason.equals(that.reason);
  }

  @Override
  public int hashCode() {
    return Objects.hash(file, tensors, bytes, written, reason);
  }

  /** Returns one line. */
  @Override
  public String toString() {
    String own = written == bytes ? "" : ", of which this rank wrote " + written;
    return "%s: %s bytes%s, tensors: %s; %s".formatted(file, bytes, own, tensors, reason);
  }
}
