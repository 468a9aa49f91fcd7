// SPDX-License-Identifier: Apache-2.0
/** Reads safetensors files into host memory with the JDK alone. */
@NullMarked
package io.fastsafetensors.backend.cpu;

import org.jspecify.annotations.NullMarked;
