// SPDX-License-Identifier: Apache-2.0
/** Certifies plug-ins of the SPIs with contract tests. */
@NullMarked
package io.fastsafetensors.testkit;

import org.jspecify.annotations.NullMarked;
