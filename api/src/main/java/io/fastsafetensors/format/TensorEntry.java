// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

/**
 * A tensor as the header has it, its numbers not yet checked: offsets are unsigned here.
 *
 * @param info what the header says
 * @param position where its name stands, in UTF-16 code units from the header's start
 */
record TensorEntry(TensorInfo info, long position) {}
