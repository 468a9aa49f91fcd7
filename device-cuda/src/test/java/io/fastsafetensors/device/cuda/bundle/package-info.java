// SPDX-License-Identifier: Apache-2.0
/** Runs this module's tests without Maven, on hosts that have a GPU; see scripts/gpu-bundle. */
@NullMarked
package io.fastsafetensors.device.cuda.bundle;

import org.jspecify.annotations.NullMarked;
