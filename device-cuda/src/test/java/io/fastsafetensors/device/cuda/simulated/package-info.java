// SPDX-License-Identifier: Apache-2.0
/** The simulated driver, for tests of this module and of others that need a CUDA device. */
@NullMarked
package io.fastsafetensors.device.cuda.simulated;

import org.jspecify.annotations.NullMarked;
