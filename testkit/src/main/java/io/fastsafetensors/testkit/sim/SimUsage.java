// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is open on a simulated device; immutable.
 *
 * @since 0.1
 */
public final class SimUsage {
  /** Nothing is open. */
  public static final SimUsage NONE = new SimUsage(0, 0, 0, 0, 0);

  private final int contexts;
  private final int buffers;
  private final int stagingBuffers;
  private final int streams;
  private final long bytes;

  SimUsage(int contexts, int buffers, int stagingBuffers, int streams, long bytes) {
    this.contexts = contexts;
    this.buffers = buffers;
    this.stagingBuffers = stagingBuffers;
    this.streams = streams;
    this.bytes = bytes;
  }

  /** {@return contexts not closed yet} */
  public int contexts() {
    return contexts;
  }

  /** {@return device buffers not closed yet} */
  public int buffers() {
    return buffers;
  }

  /** {@return staging buffers not closed yet} */
  public int stagingBuffers() {
    return stagingBuffers;
  }

  /** {@return streams not closed yet} */
  public int streams() {
    return streams;
  }

  /** {@return device memory in use} */
  public long bytes() {
    return bytes;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SimUsage that
        && contexts == that.contexts
        && buffers == that.buffers
        && stagingBuffers == that.stagingBuffers
        && streams == that.streams
        && bytes == that.bytes;
  }

  @Override
  public int hashCode() {
    return Objects.hash(contexts, buffers, stagingBuffers, streams, bytes);
  }

  @Override
  public String toString() {
    return "contexts "
        + contexts
        + ", buffers "
        + buffers
        + ", stagingBuffers "
        + stagingBuffers
        + ", streams "
        + streams
        + ", bytes "
        + bytes;
  }
}
