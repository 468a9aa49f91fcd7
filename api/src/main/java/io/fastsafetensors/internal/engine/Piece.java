// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.spi.Region;

/**
 * A tensor's elements in device memory.
 *
 * @param spec what they are
 * @param memory what keeps them
 * @param region where in it they are, contiguous
 */
record Piece(TensorSpec spec, Memory memory, Region region) {}
