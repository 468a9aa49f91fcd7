// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

/**
 * Neighbouring bytes of a file that come from one place.
 *
 * @param label what they are, for messages
 * @param position where they start in the file
 * @param bytes how many they are
 * @param content gives them
 */
public record Extent(String label, long position, long bytes, Content content) {
  /** Returns one past the last byte. */
  public long end() {
    return position + bytes;
  }
}
