// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.common;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.format.LoadException;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * A load that goes on while a runtime starts: its natives take longer than the weights. A runtime
 * may write to the tensors, and the file stays as it is.
 */
public final class LoadAhead {
  private static final LoadOptions OPTIONS = LoadOptions.builder().writable(true).build();

  private final FutureTask<FileBuffer> load;

  /** Begins to load a file, with the classes that this needs. */
  public LoadAhead(Path file) {
    load = new FutureTask<>(() -> load(file));
    Thread.ofPlatform().name("load-ahead").daemon().start(load);
  }

  private static FileBuffer load(Path file) throws LoadException {
    try (Loader loader = Loader.open(file)) {
      return loader.load(OPTIONS); // outlives the loader
    }
  }

  /** Waits for the tensors; the caller closes them. */
  public FileBuffer get() throws LoadException, InterruptedException {
    try {
      return load.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof LoadException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
