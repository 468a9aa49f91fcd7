// SPDX-License-Identifier: Apache-2.0
/** Loads safetensors files into CPU or GPU memory. */
@NullMarked
package io.fastsafetensors;

import org.jspecify.annotations.NullMarked;
