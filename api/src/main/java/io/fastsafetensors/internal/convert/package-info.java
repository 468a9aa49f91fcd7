// SPDX-License-Identifier: Apache-2.0
/** Conversions between element types in host memory. */
@NullMarked
package io.fastsafetensors.internal.convert;

import org.jspecify.annotations.NullMarked;
