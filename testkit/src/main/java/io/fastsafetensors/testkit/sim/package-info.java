// SPDX-License-Identifier: Apache-2.0
/**
 * A simulated device in plain Java: memory that the host can't see, streams that run late, a
 * budget, faults on demand and counters.
 *
 * <p>It proves orchestration, lifetimes and error paths; it is no GPU.
 */
@NullMarked
package io.fastsafetensors.testkit.sim;

import org.jspecify.annotations.NullMarked;
