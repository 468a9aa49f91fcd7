// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import io.fastsafetensors.testkit.sim.SimDevice;
import io.fastsafetensors.testkit.sim.SimDevices;
import io.fastsafetensors.testkit.sim.SimUsage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What this process holds after loads. */
public final class Leftovers {
  private Leftovers() {}

  /** Returns what is open or mapped of a folder, and what simulated devices hold. */
  public static List<String> of(Path folder) throws IOException {
    Stream<String> held =
        devices()
            .map(SimDevice::usage)
            .filter(usage -> !usage.equals(SimUsage.NONE))
            .map(Object::toString);
    Stream<String> violations = devices().flatMap(device -> device.violations().stream());
    return Stream.of(held, violations, files(folder).stream()).flatMap(all -> all).toList();
  }

  private static Stream<SimDevice> devices() {
    SimDevices all = SimDevices.shared();
    return IntStream.range(0, all.count()).mapToObj(all::get);
  }

  private static List<String> files(Path folder) throws IOException {
    Path self = Path.of("/proc/self");
    if (!Files.exists(self)) {
      return List.of();
    }
    try (Stream<Path> descriptors = Files.list(self.resolve("fd"))) {
      return Stream.concat(
              descriptors.map(Leftovers::target), Files.readAllLines(self.resolve("maps")).stream())
          .filter(line -> line.contains(folder.toString()))
          .toList();
    }
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return ""; // closed since it was listed
    }
  }
}
