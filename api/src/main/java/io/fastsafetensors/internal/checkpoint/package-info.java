// SPDX-License-Identifier: Apache-2.0
/**
 * Where a checkpoint is saved: how it is split into files, and how it takes the place of an old
 * one, so that at each moment one of them is whole.
 */
@NullMarked
package io.fastsafetensors.internal.checkpoint;

import org.jspecify.annotations.NullMarked;
