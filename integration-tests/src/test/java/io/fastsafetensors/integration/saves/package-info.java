// SPDX-License-Identifier: Apache-2.0
/** Saves that are killed, cut short, or made by several ranks, in processes of their own. */
@NullMarked
package io.fastsafetensors.integration.saves;

import org.jspecify.annotations.NullMarked;
