// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.spi.DeviceBuffer;

/**
 * Large memory that its user touches, best right before it is written, by the thread that does.
 *
 * @param buffer the memory; the caller closes it, which ends the promise
 * @param pages its pages, not there yet
 */
public record FreshBuffer(DeviceBuffer buffer, PagePromise pages) {}
