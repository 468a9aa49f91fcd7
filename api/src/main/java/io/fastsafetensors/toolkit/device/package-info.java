// SPDX-License-Identifier: Apache-2.0
/**
 * Tools for device runtimes: host memory, and arguments of streams. Promised for a minor version
 * only.
 */
@NullMarked
package io.fastsafetensors.toolkit.device;

import org.jspecify.annotations.NullMarked;
