// SPDX-License-Identifier: Apache-2.0
/** The CUDA driver through JCuda: how it is loaded, called, and how its errors are told. */
@NullMarked
package io.fastsafetensors.device.cuda.driver;

import org.jspecify.annotations.NullMarked;
