// SPDX-License-Identifier: Apache-2.0
/** What the examples share. */
@NullMarked
package io.fastsafetensors.examples.common;

import org.jspecify.annotations.NullMarked;
