// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

/**
 * What is open on a simulated device.
 *
 * @param contexts contexts not closed yet
 * @param buffers device buffers not closed yet
 * @param stagingBuffers staging buffers not closed yet
 * @param streams streams not closed yet
 * @param bytes device memory in use
 * @since 0.1
 */
public record SimUsage(int contexts, int buffers, int stagingBuffers, int streams, long bytes) {
  /** Nothing is open. */
  public static final SimUsage NONE = new SimUsage(0, 0, 0, 0, 0);
}
