// SPDX-License-Identifier: Apache-2.0
/** The only native calls of this module: {@code libcufile.so.0}, and opening files for it. */
@NullMarked
package io.fastsafetensors.backend.gds.cufile;

import org.jspecify.annotations.NullMarked;
