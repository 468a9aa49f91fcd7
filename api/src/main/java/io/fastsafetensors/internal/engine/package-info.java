// SPDX-License-Identifier: Apache-2.0
/** The load path: from files to tensors. Start at {@code LoadJob}. */
@NullMarked
package io.fastsafetensors.internal.engine;

import org.jspecify.annotations.NullMarked;
