// SPDX-License-Identifier: Apache-2.0
/** Copies, spread over the cores. */
@NullMarked
package io.fastsafetensors.internal.parallel;

import org.jspecify.annotations.NullMarked;
