// SPDX-License-Identifier: Apache-2.0
/** Reads and writes headers: JSON, checks, byte layout. */
@NullMarked
package io.fastsafetensors.internal.format;

import org.jspecify.annotations.NullMarked;
