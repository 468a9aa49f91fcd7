// SPDX-License-Identifier: Apache-2.0
/** Finds speech, by silero's model in ONNX Runtime. */
@NullMarked
package io.fastsafetensors.examples.speech;

import org.jspecify.annotations.NullMarked;
