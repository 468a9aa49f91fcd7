// SPDX-License-Identifier: Apache-2.0
/** What parts of tensors are, told without the planner. */
@NullMarked
package io.fastsafetensors.oracle;

import org.jspecify.annotations.NullMarked;
