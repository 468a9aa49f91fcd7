// SPDX-License-Identifier: Apache-2.0
/** Conversions on the device: kernels as PTX text, which the driver compiles. */
@NullMarked
package io.fastsafetensors.device.cuda.kernel;

import org.jspecify.annotations.NullMarked;
