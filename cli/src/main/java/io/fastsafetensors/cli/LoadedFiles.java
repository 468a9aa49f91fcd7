// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import java.util.Optional;

/**
 * Files loaded as the command line and the environment say, with what they depend on.
 *
 * @param group the ranks that share the work
 * @param loader the loader
 * @param buffer the files
 */
record LoadedFiles(ProcessGroup group, Loader loader, FileBuffer buffer) implements AutoCloseable {
  /** Joins the group, opens the device and loads; blocks until all is there. */
  static LoadedFiles load(LoadArguments arguments) throws LoadException {
    try (Progress progress = Progress.onTerminal()) {
      LoadOptions options = arguments.options(progress);
      Device device = Device.parse(arguments.device(), localRank());
      ProcessGroup group = group(device);
      try {
        Loader.Builder loader =
            Loader.builder().device(device).group(group).timeout(options.timeout());
        return load(arguments, options, loader.build(), group);
      } catch (Throwable e) {
        group.close();
        throw e;
      }
    }
  }

  private static LoadedFiles load(
      LoadArguments arguments, LoadOptions options, Loader loader, ProcessGroup group)
      throws LoadException {
    try {
      arguments.addTo(loader);
      return new LoadedFiles(group, loader, loader.load(options));
    } catch (Throwable e) {
      loader.close();
      throw e;
    }
  }

  /** The device of a rank goes by its number on this host, which is known before the group. */
  private static int localRank() {
    return GroupConfig.fromEnvironment(Device.CPU).map(GroupConfig::localRank).orElse(0);
  }

  private static ProcessGroup group(Device device) throws LoadException {
    Optional<GroupConfig> config = GroupConfig.fromEnvironment(device);
    return config.isPresent() ? ProcessGroup.join(config.get()) : ProcessGroup.single();
  }

  @Override
  @SuppressWarnings("try") // nothing to do but to close, whatever one of them throws
  public void close() {
    try (group;
        loader;
        buffer) {}
  }
}
