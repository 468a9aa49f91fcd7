// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.common;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/**
 * Classes of programs as the JVM has them after a first run ({@code -XX:AOTCacheOutput}), one file
 * for each program. The JVM takes them only of jars, so folders of the class path become jars here.
 */
final class StartCaches implements AutoCloseable {
  private final Path folder;
  private final String classPath;

  StartCaches(String classPath) throws IOException {
    folder = Files.createTempDirectory("fst-start-");
    List<String> jars = new ArrayList<>();
    for (String part : classPath.split(File.pathSeparator, -1)) {
      Path path = Path.of(part);
      jars.add(Files.isDirectory(path) ? pack(path, jars.size()).toString() : part);
    }
    this.classPath = String.join(File.pathSeparator, jars);
  }

  private Path pack(Path classes, int number) throws IOException {
    Path jar = folder.resolve(number + ".jar");
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream output = new JarOutputStream(file);
        Stream<Path> tree = Files.walk(classes)) {
      for (Path path : tree.filter(Files::isRegularFile).sorted().toList()) {
        output.putNextEntry(new JarEntry(classes.relativize(path).toString()));
        Files.copy(path, output);
        output.closeEntry();
      }
    }
    return jar;
  }

  String classPath() {
    return classPath;
  }

  /** Returns the option of the first run, which makes the cache of a program when it ends. */
  String makes(String program) {
    return "-XX:AOTCacheOutput=" + file(program);
  }

  /** Returns the option of further runs, which fail if there is no cache. */
  List<String> uses(String program) {
    return List.of("-XX:AOTMode=on", "-XX:AOTCache=" + file(program));
  }

  private Path file(String program) {
    return folder.resolve(program + ".aot");
  }

  @Override
  public void close() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
