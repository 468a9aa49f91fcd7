// SPDX-License-Identifier: Apache-2.0
/** Tensors that are given out while their load is under way, end to end. */
@NullMarked
package io.fastsafetensors.integration.landing;

import org.jspecify.annotations.NullMarked;
