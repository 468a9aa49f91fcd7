// SPDX-License-Identifier: Apache-2.0
/** One load: what is read in which way, and the threads that do it. Start at {@code GdsSession}. */
@NullMarked
package io.fastsafetensors.backend.gds.io;

import org.jspecify.annotations.NullMarked;
