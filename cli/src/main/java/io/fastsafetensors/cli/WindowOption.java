// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.cli.Converters.Sizes;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The argument that says through how much memory tensors are streamed. */
final class WindowOption {
  @Option(
      names = "--window",
      paramLabel = "SIZE",
      converter = Sizes.class,
      description = "The memory that a stream uses again and again. Default: 256MiB.")
  private @Nullable Long bytes;

  boolean isGiven() {
    return bytes != null;
  }

  /** Returns options to stream what a load would bring; only its timeout bounds a wait. */
  StreamOptions.Builder options(LoadOptions load) {
    StreamOptions.Builder options = StreamOptions.builder().load(load).heldTimeout(load.timeout());
    return bytes == null ? options : options.window(bytes);
  }
}
