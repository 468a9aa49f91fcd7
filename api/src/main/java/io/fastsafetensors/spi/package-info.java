// SPDX-License-Identifier: Apache-2.0
/**
 * What plug-ins implement: devices, readers and collectives.
 *
 * <p>The rules are numbered in {@code docs/spi-rules.md}; the testkit checks them. Providers are
 * stateless and found by {@link java.util.ServiceLoader}; contexts and sessions hold the state.
 */
@NullMarked
package io.fastsafetensors.spi;

import org.jspecify.annotations.NullMarked;
