// SPDX-License-Identifier: Apache-2.0
/**
 * Tensors for the libraries that take DLPack, and theirs for files. Start at {@link
 * io.fastsafetensors.dlpack.DLPack}.
 */
@NullMarked
package io.fastsafetensors.dlpack;

import org.jspecify.annotations.NullMarked;
