// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;

/** Stub. */
public final class DefaultLoaderBuilder implements Loader.Builder {
  @Override
  public Loader.Builder device(Device device) {
    return this;
  }

  @Override
  public Loader.Builder group(ProcessGroup group) {
    return this;
  }

  @Override
  public Loader build() {
    throw new UnsupportedOperationException();
  }
}
