// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

/**
 * Whether reads, or writes, bypass the page cache.
 *
 * @since 0.1
 */
public enum DirectMode {
  /** Of reads the backend's choice, by what is in the page cache; of writes by their size. */
  AUTO,
  /** Always, where the file system allows. */
  ON,
  /** Never. */
  OFF
}
