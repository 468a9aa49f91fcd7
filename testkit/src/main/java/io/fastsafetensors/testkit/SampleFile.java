// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.RangePlan;
import java.nio.file.Path;
import java.util.List;

/**
 * A file whose every byte is known from its place.
 *
 * @param path the file
 * @param bytes its size when it was written
 * @param seed what its bytes were made from
 * @since 0.1
 */
public record SampleFile(Path path, long bytes, long seed) {
  /**
   * Computes some of the bytes.
   *
   * @param range which, at most {@link Integer#MAX_VALUE} of them
   * @return the bytes that the file was written with
   */
  public byte[] expected(ByteRange range) {
    byte[] bytes = new byte[Math.toIntExact(range.size())];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = SampleFiles.byteAt(seed, range.begin() + i);
    }
    return bytes;
  }

  /**
   * Plans to read some ranges.
   *
   * @param ranges what is wanted, in order
   * @return the plan
   */
  public RangePlan plan(ByteRange... ranges) {
    return RangePlan.of(path, bytes, List.of(ranges));
  }

  /**
   * Plans to read all of it as one range.
   *
   * @return the plan
   */
  public RangePlan whole() {
    return plan(new ByteRange(0, bytes));
  }
}
