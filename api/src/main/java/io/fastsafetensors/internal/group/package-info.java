// SPDX-License-Identifier: Apache-2.0
/** Process groups of one process. */
@NullMarked
package io.fastsafetensors.internal.group;

import org.jspecify.annotations.NullMarked;
