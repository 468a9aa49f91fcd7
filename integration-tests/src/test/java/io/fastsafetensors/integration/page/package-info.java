// SPDX-License-Identifier: Apache-2.0
/** The page that fst load --report writes, in a real browser. */
@NullMarked
package io.fastsafetensors.integration.page;

import org.jspecify.annotations.NullMarked;
