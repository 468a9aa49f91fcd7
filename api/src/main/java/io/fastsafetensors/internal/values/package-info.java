// SPDX-License-Identifier: Apache-2.0
/** The values of tensors as text. */
@NullMarked
package io.fastsafetensors.internal.values;

import org.jspecify.annotations.NullMarked;
