// SPDX-License-Identifier: Apache-2.0
/**
 * Load {@code .safetensors} files into host or device memory: the API for users.
 *
 * <p>Start at {@code Loader}.
 */
@NullMarked
package io.fastsafetensors;

import org.jspecify.annotations.NullMarked;
