// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import java.util.Map;

/**
 * How a session is to read.
 *
 * @param path mapped, copied, or the backend's choice; refused if not claimed (rule IO-121)
 * @param direct whether reads bypass the page cache; {@code ON} is refused if not claimed
 * @param threads how many threads read; 0 is the backend's choice
 * @param blockBytes the size of a read; 0 is the backend's choice
 * @param alignment a power of two that every range's address must be a multiple of; 0 is the
 *     backend's choice
 * @param memoryBudget the most device memory that the session may hold, in bytes; {@link
 *     Long#MAX_VALUE} is no bound
 * @param properties options of single backends, as {@code ID.NAME}; others are ignored. {@code ID}
 *     alone is {@code on} where the user asked for that backend
 * @param monitor the engine's side
 * @since 0.1
 */
public record IoOptions(
    AccessPath path,
    DirectMode direct,
    int threads,
    long blockBytes,
    long alignment,
    long memoryBudget,
    Map<String, String> properties,
    IoMonitor monitor) {}
