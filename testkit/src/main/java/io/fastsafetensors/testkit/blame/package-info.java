// SPDX-License-Identifier: Apache-2.0
/** Whose fault it is that a call failed or hangs. */
@NullMarked
package io.fastsafetensors.testkit.blame;

import org.jspecify.annotations.NullMarked;
