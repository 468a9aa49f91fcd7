// SPDX-License-Identifier: Apache-2.0
/** The command {@code fst}. */
@NullMarked
package io.fastsafetensors.cli;

import org.jspecify.annotations.NullMarked;
