// SPDX-License-Identifier: Apache-2.0
/** Tensors for other runtimes. */
@NullMarked
package io.fastsafetensors.examples.handover;

import org.jspecify.annotations.NullMarked;
