// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Loader;

/** Stub. */
public abstract non-sealed class DefaultLoader implements Loader {}
