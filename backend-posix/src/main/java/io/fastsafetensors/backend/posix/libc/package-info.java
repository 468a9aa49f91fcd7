// SPDX-License-Identifier: Apache-2.0
/** The only native calls of this module: a few functions of the C library and of the kernel. */
@NullMarked
package io.fastsafetensors.backend.posix.libc;

import org.jspecify.annotations.NullMarked;
