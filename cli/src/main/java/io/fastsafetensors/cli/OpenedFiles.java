// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.LoadException;
import java.security.Security;

/**
 * The files that the command line says, with what it takes to load or stream them.
 *
 * @param arguments what was said of them
 * @param progress shows what is read
 * @param options the same for the library
 * @param group the ranks that share the work, as the environment says
 * @param loader has the files
 */
record OpenedFiles(
    LoadArguments arguments,
    Progress progress,
    LoadOptions options,
    ProcessGroup group,
    Loader loader)
    implements AutoCloseable {
  /** Joins the group and finds the files; nothing is read yet. */
  static OpenedFiles open(LoadArguments arguments) throws LoadException {
    return open(arguments, LoadRecording.none());
  }

  /** Joins the group and finds the files; what is loaded of them is recorded. */
  static OpenedFiles open(LoadArguments arguments, LoadRecording recording) throws LoadException {
    Progress progress = Progress.onTerminal("load");
    try {
      LoadOptions options = arguments.options(progress);
      recording.options(options);
      return open(arguments, recording, progress, options);
    } catch (Throwable e) {
      progress.close();
      throw e;
    }
  }

  private static OpenedFiles open(
      LoadArguments arguments, LoadRecording recording, Progress progress, LoadOptions options)
      throws LoadException {
    ProcessGroup group = join(arguments.device());
    try {
      LoadOptions own = arguments.forRank(options, group);
      Loader.Builder loader = Loader.builder().group(group).timeout(options.timeout());
      recording.listener().ifPresent(loader::listener);
      return new OpenedFiles(arguments, progress, own, group, loader.build()).withFiles();
    } catch (Throwable e) {
      group.close();
      throw e;
    }
  }

  private static ProcessGroup join(String device) throws LoadException {
    // The JDK remembers for 10 s that a name was not there, as of a container that starts.
    Security.setProperty("networkaddress.cache.negative.ttl", "0");
    return ProcessGroup.fromEnvironment(device);
  }

  private OpenedFiles withFiles() throws LoadException {
    try {
      arguments.addTo(loader, options);
      return this;
    } catch (Throwable e) {
      loader.close();
      throw e;
    }
  }

  /** Loads all; the caller closes it. */
  FileBuffer load() throws LoadException {
    FileBuffer buffer = loader.load(options);
    try {
      progress.close();
      return buffer;
    } catch (Throwable e) {
      buffer.close();
      throw e;
    }
  }

  /** Begins to stream; the caller closes it. */
  TensorStream stream(WindowOption window, boolean inPieces) throws LoadException {
    return loader.stream(window.options(options).pieces(inPieces).build());
  }

  @Override
  @SuppressWarnings("try") // nothing to do but to close, whatever one of them throws
  public void close() {
    try (group;
        loader;
        progress) {}
  }
}
