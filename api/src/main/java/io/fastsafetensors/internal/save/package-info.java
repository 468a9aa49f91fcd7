// SPDX-License-Identifier: Apache-2.0
/**
 * Writes files whose layout is known before their bytes are: block by block, several at a time. A
 * {@link io.fastsafetensors.internal.save.FileSave} is the way in. Other processes may write to the
 * same files, each its own bytes. Nothing here knows the format.
 */
@NullMarked
package io.fastsafetensors.internal.save;

import org.jspecify.annotations.NullMarked;
