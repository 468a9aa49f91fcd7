// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Tensor;

/** Stub. */
public abstract non-sealed class DefaultTensor implements Tensor {}
