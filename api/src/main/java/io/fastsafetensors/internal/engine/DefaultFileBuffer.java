// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.FileBuffer;

/** Stub. */
public abstract non-sealed class DefaultFileBuffer implements FileBuffer {}
