// SPDX-License-Identifier: Apache-2.0
/**
 * Host memory on Linux: in huge pages, provided by many threads at once, kept for the next load.
 */
@NullMarked
package io.fastsafetensors.backend.posix.memory;

import org.jspecify.annotations.NullMarked;
