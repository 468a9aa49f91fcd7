// SPDX-License-Identifier: Apache-2.0
/** Weights for Jlama, beside its own loader. */
@NullMarked
package io.fastsafetensors.examples.jlama;

import org.jspecify.annotations.NullMarked;
