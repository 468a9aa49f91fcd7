// SPDX-License-Identifier: Apache-2.0
/** Tensors as arrays of DJL. */
@NullMarked
package io.fastsafetensors.examples.djl;

import org.jspecify.annotations.NullMarked;
