// SPDX-License-Identifier: Apache-2.0
/** Embeds sentences, by all-MiniLM-L6-v2 in JavaCPP PyTorch. */
@NullMarked
package io.fastsafetensors.examples.embeddings;

import org.jspecify.annotations.NullMarked;
