// SPDX-License-Identifier: Apache-2.0
/** The backend {@code gds}: GPUDirect Storage. */
@NullMarked
package io.fastsafetensors.backend.gds;

import org.jspecify.annotations.NullMarked;
