// SPDX-License-Identifier: Apache-2.0
/** The plug-ins: found, checked, chosen. Start at {@code Registry}. */
@NullMarked
package io.fastsafetensors.internal.registry;

import org.jspecify.annotations.NullMarked;
