// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.internal.registry.Registry;
import java.time.Duration;

/** Collects what a loader needs. */
public final class DefaultLoaderBuilder implements Loader.Builder {
  private Device device = Device.CPU;
  private ProcessGroup group = ProcessGroup.single();
  private Duration timeout = LoadOptions.defaults().timeout();

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
  public Loader.Builder timeout(Duration timeout) {
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException("timeout " + timeout + ": want more than nothing");
    }
    this.timeout = timeout;
    return this;
  }

  @Override
  public Loader build() {
    return new DefaultLoader(Registry.discover(), device, group, timeout);
  }
}
