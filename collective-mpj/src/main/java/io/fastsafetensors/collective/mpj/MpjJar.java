// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import io.fastsafetensors.spi.Provider.Option;
import io.fastsafetensors.toolkit.plugin.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarInputStream;
import java.util.stream.Stream;

/**
 * The jar of MPJ Express, with its classes as they are to be loaded.
 *
 * @param path where it is
 * @param classes the bytes of each class, by name
 */
record MpjJar(Path path, Map<String, byte[]> classes) {
  /** Where it was unpacked. */
  static final Option<String> HOME =
      Option.text("mpj.home")
          .ofProcess()
          .environmentVariable("MPJ_HOME")
          .describedAs(
              "The folder of MPJ Express, whose lib/mpj.jar is taken; else Debian's package is.");

  private static final Path DEBIAN = Path.of("/usr/share/java/mpj.jar");
  private static final String SUFFIX = ".class";

  /** Finds the jar and reads it; fails with what to do. */
  static MpjJar find() throws IOException {
    List<Path> places =
        Stream.concat(
                Stream.of(Settings.value(HOME))
                    .filter(home -> !home.isEmpty())
                    .map(home -> Path.of(home, "lib", "mpj.jar")),
                Stream.of(DEBIAN))
            .toList();
    Path path =
        places.stream()
            .filter(Files::isReadable)
            .findFirst()
            .orElseThrow(() ->
                new IOException(
                    "MPJ Express is not at "
                        + places
                        + ": install the Debian package libmpj-java, or set MPJ_HOME"));
    return new MpjJar(path, read(path));
  }

  private static Map<String, byte[]> read(Path path) throws IOException {
    Map<String, byte[]> classes = new HashMap<>();
    try (InputStream file = Files.newInputStream(path);
        JarInputStream jar = new JarInputStream(file)) {
      for (JarEntry entry = jar.getNextJarEntry(); entry != null; entry = jar.getNextJarEntry()) {
        if (entry.getName().endsWith(SUFFIX)) {
          String name = entry.getName().replace('/', '.');
          classes.put(name.substring(0, name.length() - SUFFIX.length()), jar.readAllBytes());
        }
      }
    }
    return classes;
  }
}
