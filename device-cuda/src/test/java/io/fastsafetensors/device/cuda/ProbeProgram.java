// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Plugins;
import java.nio.file.Path;
import java.util.List;

/** What child processes of tests do: load to a device, or else probe the runtimes. */
final class ProbeProgram {
  private ProbeProgram() {}

  /** Loads a file to a device, {@code DEVICE FILE}, or prints the plug-ins' reports. */
  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 0) {
      Plugins.installed().probe(Device.CPU).forEach(System.out::println);
      return;
    }
    try (Loader loader = Loader.builder().device(Device.parse(arguments[0])).build()) {
      loader.addFiles(0, List.of(Path.of(arguments[1])));
      try (FileBuffer buffer = loader.load()) {
        System.out.println("loaded " + buffer.tensor("weights"));
      }
    }
  }
}
