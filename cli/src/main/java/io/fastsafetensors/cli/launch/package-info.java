// SPDX-License-Identifier: Apache-2.0
/** Starts ranks as processes and ends them together. */
@NullMarked
package io.fastsafetensors.cli.launch;

import org.jspecify.annotations.NullMarked;
