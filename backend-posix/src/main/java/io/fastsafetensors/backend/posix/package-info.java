// SPDX-License-Identifier: Apache-2.0
/** The plug-ins of Linux: the backend {@code posix} and the runtime {@code linux}. */
@NullMarked
package io.fastsafetensors.backend.posix;

import org.jspecify.annotations.NullMarked;
