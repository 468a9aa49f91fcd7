// SPDX-License-Identifier: Apache-2.0
/** Regular files, temporary files, and what a file is that isn't what was wanted. */
@NullMarked
package io.fastsafetensors.internal.file;

import org.jspecify.annotations.NullMarked;
