// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import java.nio.file.Path;
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
    Device device = Device.parse(arguments.device(), localRank());
    ProcessGroup group = group(device);
    try {
      return load(arguments, device, group);
    } catch (Throwable e) {
      group.close();
      throw e;
    }
  }

  private static LoadedFiles load(LoadArguments arguments, Device device, ProcessGroup group)
      throws LoadException {
    Loader loader = Loader.builder().device(device).group(group).build();
    try (Progress progress = Progress.onTerminal()) {
      add(arguments, loader);
      return new LoadedFiles(group, loader, loader.load(arguments.options(progress)));
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

  private static void add(LoadArguments arguments, Loader loader) throws LoadException {
    if (arguments.paths().isEmpty() == arguments.rankFiles().isEmpty()) {
      throw new IllegalArgumentException("give either PATHs or --rank-files");
    }
    for (RankFiles files : arguments.rankFiles()) {
      loader.addFiles(files.rank(), files.files());
    }
    for (Path path : arguments.paths()) {
      loader.addCheckpoint(path);
    }
  }

  @Override
  @SuppressWarnings("try") // nothing to do but to close, whatever one of them throws
  public void close() {
    try (group;
        loader;
        buffer) {}
  }
}
