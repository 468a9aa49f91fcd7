// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Maven project as a user makes it by the README: its dependencies, its module descriptor, its
 * example.
 *
 * @param folder where it is, outside the repository
 */
record OutsideProject(Path folder) {
  private static final Path POM = Path.of("src", "outside-project", "pom.xml");
  private static final Pattern PLUGIN = Pattern.compile("@(maven-[a-z]+-plugin)@");
  private static final String PROGRAM = "Example";

  /** Writes it. */
  static OutsideProject in(Path folder) throws IOException {
    OutsideProject project = new OutsideProject(folder);
    project.dependOn(Readme.dependencies());
    Path sources = Files.createDirectories(folder.resolve("src/main/java"));
    Files.writeString(sources.resolve("module-info.java"), Readme.moduleDescriptor());
    Path program = sources.resolve("org/example/app").resolve(PROGRAM + ".java");
    Files.createDirectories(program.getParent());
    Files.writeString(
        program, "package org.example.app;\n\n" + ReadmeProgram.named(PROGRAM).source());
    return project;
  }

  /** Writes the pom anew, with these dependencies. */
  void dependOn(String dependencies) throws IOException {
    StringBuilder pom = new StringBuilder();
    Matcher plugin =
        PLUGIN.matcher(Files.readString(POM).replace("@dependencies@", dependencies.strip()));
    while (plugin.find()) {
      plugin.appendReplacement(pom, Maven.version(plugin.group(1)));
    }
    Files.writeString(folder.resolve("pom.xml"), plugin.appendTail(pom));
  }

  /** Returns the jars that it needs at run time, as Maven found them. */
  List<Path> jars() throws IOException {
    try (Stream<Path> jars = Files.list(dependencies())) {
      return jars.sorted().toList();
    }
  }

  private Path dependencies() {
    return folder.resolve("target").resolve("dependency");
  }

  /** Runs what was built, on the module path alone; returns what it printed. */
  String run(String option, Path files) throws IOException, InterruptedException {
    String path = folder.resolve("target").resolve("app-1.jar") + File.pathSeparator;
    String main = "org.example.app/org.example.app." + PROGRAM;
    Jvm program =
        Jvm.run(folder, List.of(option, "-p", path + dependencies(), "-m", main, files.toString()));
    assertThat(program.exit()).as(program.output()).isZero();
    return program.output();
  }
}
