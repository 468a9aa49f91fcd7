// SPDX-License-Identifier: Apache-2.0
/** What the documents are written like: a small house style, checked. */
@NullMarked
package io.fastsafetensors.integration.prose;

import org.jspecify.annotations.NullMarked;
