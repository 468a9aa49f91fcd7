// SPDX-License-Identifier: Apache-2.0
/** Which bytes of which files, as pure data. */
@NullMarked
package io.fastsafetensors.internal.plan;

import org.jspecify.annotations.NullMarked;
