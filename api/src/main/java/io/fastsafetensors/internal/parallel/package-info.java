// SPDX-License-Identifier: Apache-2.0
/** One way to spread a large memory job over the cores. */
@NullMarked
package io.fastsafetensors.internal.parallel;

import org.jspecify.annotations.NullMarked;
