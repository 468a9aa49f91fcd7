// SPDX-License-Identifier: Apache-2.0
/** The device {@code cpu}: plain host memory, on every platform. */
@NullMarked
package io.fastsafetensors.internal.host;

import org.jspecify.annotations.NullMarked;
