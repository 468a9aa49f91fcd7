// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.internal.registry.Registry;

/** Collects what a loader needs. */
public final class DefaultLoaderBuilder implements Loader.Builder {
  private Device device = Device.CPU;
  private ProcessGroup group = ProcessGroup.single();

  /** Makes a builder of a loader for host memory and a group of one. */
  public DefaultLoaderBuilder() {}

  @Override
  public Loader.Builder device(Device device) {
    this.device = device;
    return this;
  }

  @Override
  public Loader.Builder group(ProcessGroup group) {
    this.group = group;
    return this;
  }

  @Override
  public Loader build() {
    return new DefaultLoader(Registry.discover(), device, group);
  }
}
