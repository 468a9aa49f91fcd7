// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.cufile;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Where {@code libcufile.so.0} may be. */
final class Libraries {
  private static final String NAME = "libcufile.so.0";

  private Libraries() {}

  /** Returns what to try: the one that is set, or else all that there are, by name first. */
  static List<String> candidates(String set, Map<String, String> environment) {
    if (!set.isEmpty()) {
      return List.of(set);
    }
    // By name: where LD_LIBRARY_PATH and the system's own folders have it.
    return Stream.concat(
            Stream.of(NAME),
            Stream.concat(toolkits(environment), wheels(environment)).map(Path::toString))
        .toList();
  }

  private static Stream<Path> toolkits(Map<String, String> environment) {
    Stream<Path> named =
        Stream.of("CUDA_HOME", "CUDA_PATH", "CONDA_PREFIX")
            .map(name -> environment.getOrDefault(name, ""))
            .filter(value -> !value.isEmpty())
            .map(Path::of);
    return Stream.concat(named, matching(Path.of("/usr/local"), "cuda*").stream())
        .flatMap(root -> Stream.of(root.resolve("lib64"), root.resolve("lib")))
        .flatMap(Libraries::inFolder);
  }

  /**
   * The wheels of NVIDIA: {@code site-packages/nvidia/cufile/lib}, from CUDA 13 on {@code cu13}.
   */
  private static Stream<Path> wheels(Map<String, String> environment) {
    Stream<Path> prefixes =
        Stream.of(
                environment.getOrDefault("VIRTUAL_ENV", ""),
                environment.getOrDefault("CONDA_PREFIX", ""),
                environment.getOrDefault("HOME", "") + "/.local",
                "/usr/local",
                "/usr")
            .filter(prefix -> !prefix.isEmpty())
            .map(Path::of);
    return prefixes
        .flatMap(prefix -> matching(prefix.resolve("lib"), "python3*").stream())
        .flatMap(python -> matching(python, "{site,dist}-packages").stream())
        .flatMap(packages -> matching(packages.resolve("nvidia"), "*").stream())
        .map(wheel -> wheel.resolve("lib"))
        .flatMap(Libraries::inFolder);
  }

  private static Stream<Path> inFolder(Path folder) {
    return Stream.of(folder.resolve(NAME)).filter(Files::isReadable);
  }

  private static List<Path> matching(Path folder, String glob) {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
        entries.forEach(found::add);
      } catch (IOException | UncheckedIOException e) {
        return List.of(); // what can't be listed has no library for us
      }
    }
    return found.stream().sorted().toList();
  }
}
