// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.LoadListener;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.group.ConnectedGroup;
import io.fastsafetensors.internal.registry.Registry;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Collects what a loader needs. */
public final class DefaultLoaderBuilder implements Loader.Builder {
  private @Nullable Device device;
  private @Nullable Plugins plugins;
  private @Nullable LoadListener listener;
  private ProcessGroup group = ProcessGroup.single();
  private Duration timeout = LoadOptions.defaults().timeout();

  /** Makes a builder of a loader for a group of one, to where the group has its tensors. */
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
  public Loader.Builder plugins(Plugins plugins) {
    this.plugins = plugins;
    return this;
  }

  @Override
  public Loader.Builder listener(LoadListener listener) {
    this.listener = listener;
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
    ConnectedGroup connected = (ConnectedGroup) group;
    Registry registry = (Registry) (plugins != null ? plugins : Plugins.installed());
    registry.options().check();
    return new DefaultLoader(
        registry,
        device != null ? device : group.device(),
        connected.transport(),
        timeout,
        listener);
  }

  @Override
  public Loader open(Path... paths) throws LoadException {
    if (paths.length == 0) {
      throw new IllegalArgumentException("no path: want a file, an index or a folder");
    }
    Loader loader = build();
    try {
      for (Path path : paths) {
        loader.addCheckpoint(path);
      }
      return loader;
    } catch (Throwable e) {
      loader.close();
      throw e;
    }
  }
}
