// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.format.LoadException;
import java.security.Security;
import java.util.List;
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
      Optional<GroupConfig> config = GroupConfig.fromEnvironment();
      Device device = device(arguments.device(), config.map(GroupConfig::localRank).orElse(0));
      ProcessGroup group = group(config.map(found -> found.toBuilder().device(device).build()));
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

  private static ProcessGroup group(Optional<GroupConfig> config) throws LoadException {
    if (config.isEmpty()) {
      return ProcessGroup.single();
    }
    // The JDK remembers for 10 s that a name was not there, as of a container that starts.
    Security.setProperty("networkaddress.cache.negative.ttl", "0");
    return ProcessGroup.join(config.get());
  }

  /**
   * A rank's device has its number on the host; but where the launcher shows each rank a device of
   * its own, that is device 0 to all of them.
   */
  private static Device device(String text, int localRank) {
    Device first = Device.parse(text);
    Device own = Device.parse(text, localRank);
    return own.equals(first) || isTheOnlyOne(first) ? first : own;
  }

  private static boolean isTheOnlyOne(Device device) {
    return Plugins.installed().devices().stream()
        .filter(other -> other.type().equals(device.type()))
        .toList()
        .equals(List.of(device));
  }

  @Override
  @SuppressWarnings("try") // nothing to do but to close, whatever one of them throws
  public void close() {
    try (group;
        loader;
        buffer) {}
  }
}
