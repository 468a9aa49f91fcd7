// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The JVM that certifies: this one's jars, the testkit, and further plug-ins. */
final class CertifyProcess {
  private static final String PROGRAM =
      "io.fastsafetensors.testkit/io.fastsafetensors.testkit.certify.CertifyMain";

  private CertifyProcess() {}

  /** Runs it on this process's terminal until it ends; returns its exit status. */
  static int run(PluginPaths plugins, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = plugins.jvm(testkit().toString());
    command.addAll(List.of("-m", PROGRAM));
    command.addAll(arguments);
    return PluginPaths.run(command);
  }

  /** Beside the folder of the command's own jars. */
  private static Path testkit() throws IOException {
    URI here =
        URI.create(Main.class.getProtectionDomain().getCodeSource().getLocation().toString());
    Path testkit = Path.of(here).resolve("../../testkit").normalize();
    if (!Files.isDirectory(testkit)) {
      throw new IOException(testkit + ": no testkit there; build the command by ./fst");
    }
    return testkit;
  }
}
