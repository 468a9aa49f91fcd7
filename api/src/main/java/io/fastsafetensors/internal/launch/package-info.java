// SPDX-License-Identifier: Apache-2.0
/** What launchers say of a process: which rank it is, of how many, and where they meet. */
@NullMarked
package io.fastsafetensors.internal.launch;

import org.jspecify.annotations.NullMarked;
