// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

/**
 * The memory of a device at a moment.
 *
 * @param freeBytes what could be allocated now, in bytes; an estimate
 * @param totalBytes all there is, in bytes
 * @since 0.1
 */
public record MemoryInfo(long freeBytes, long totalBytes) {}
