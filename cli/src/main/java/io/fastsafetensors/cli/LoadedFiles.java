// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.format.LoadException;
import java.security.Security;

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
      ProcessGroup group = join(arguments.device());
      try {
        Loader.Builder loader = Loader.builder().group(group).timeout(options.timeout());
        return load(arguments, arguments.forRank(options, group), loader.build(), group);
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
      arguments.addTo(loader, options);
      return new LoadedFiles(group, loader, loader.load(options));
    } catch (Throwable e) {
      loader.close();
      throw e;
    }
  }

  private static ProcessGroup join(String device) throws LoadException {
    // The JDK remembers for 10 s that a name was not there, as of a container that starts.
    Security.setProperty("networkaddress.cache.negative.ttl", "0");
    return ProcessGroup.fromEnvironment(device);
  }

  @Override
  @SuppressWarnings("try") // nothing to do but to close, whatever one of them throws
  public void close() {
    try (group;
        loader;
        buffer) {}
  }
}
