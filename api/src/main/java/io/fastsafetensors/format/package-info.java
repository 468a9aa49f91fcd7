// SPDX-License-Identifier: Apache-2.0
/**
 * The safetensors format by itself: headers are read and checked, files are written. Needs no
 * loader and no plug-in.
 */
@NullMarked
package io.fastsafetensors.format;

import org.jspecify.annotations.NullMarked;
