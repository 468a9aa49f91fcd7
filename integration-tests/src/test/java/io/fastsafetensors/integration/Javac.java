// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles as a stranger would, without the build. */
final class Javac {
  /** Options for those who want a warning to be an error. */
  static final String[] STRICT = {"-Xlint:all,-path,-options", "-Werror"};

  private Javac() {}

  static void compile(Path target, List<Path> sources, String... options) throws IOException {
    List<String> all = new ArrayList<>(List.of("-proc:none", "-d", target.toString()));
    all.addAll(List.of(options));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter errors = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      boolean done =
          compiler
              .getTask(errors, files, null, all, null, files.getJavaFileObjectsFromPaths(sources))
              .call();
      assertThat(done).as(errors.toString()).isTrue();
    }
  }
}
