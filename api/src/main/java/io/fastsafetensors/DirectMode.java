// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

/**
 * Whether reads bypass the page cache.
 *
 * @since 0.1
 */
public enum DirectMode {
  /** The backend's choice, by what is in the page cache. */
  AUTO,
  /** Always, where the file system allows. */
  ON,
  /** Never. */
  OFF
}
