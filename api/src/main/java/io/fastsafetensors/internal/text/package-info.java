// SPDX-License-Identifier: Apache-2.0
/** Text of files: what is valid, and how it is shown. */
@NullMarked
package io.fastsafetensors.internal.text;

import org.jspecify.annotations.NullMarked;
