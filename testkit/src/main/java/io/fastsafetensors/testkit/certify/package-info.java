// SPDX-License-Identifier: Apache-2.0
/** Certifies plug-ins that are found: runs their contracts, and writes what became of each rule. */
@NullMarked
package io.fastsafetensors.testkit.certify;

import org.jspecify.annotations.NullMarked;
