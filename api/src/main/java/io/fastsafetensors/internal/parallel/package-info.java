// SPDX-License-Identifier: Apache-2.0
/** Large memory jobs, spread over the cores in one way. */
@NullMarked
package io.fastsafetensors.internal.parallel;

import org.jspecify.annotations.NullMarked;
