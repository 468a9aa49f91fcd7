// SPDX-License-Identifier: Apache-2.0
/** The simulated cuFile. */
@NullMarked
package io.fastsafetensors.backend.gds.simulated;

import org.jspecify.annotations.NullMarked;
