// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What Python programs do: the peers that are installed in the interpreter that the system property
 * {@code peers.python} names, by the script that {@code peers.script} names. They time themselves,
 * without the start of the interpreter and its imports.
 */
final class PeerWays {
  private static final String PYTHON = System.getProperty("peers.python", "");
  private static final String SCRIPT = System.getProperty("peers.script", "");

  private PeerWays() {}

  static List<Way> installed() throws IOException {
    if (PYTHON.isEmpty()) {
      return List.of();
    }
    return run().stream().map(PeerWays::way).toList();
  }

  private static Way way(String peer) {
    return Way.of(peer, folder -> () -> Long.parseLong(run(peer, folder.toString()).getLast()))
        .only(CacheState.WARM, CacheState.COLD);
  }

  private static List<String> run(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(PYTHON, SCRIPT));
    command.addAll(List.of(arguments));
    Path silence = Path.of("/dev/null");
    Process process = new ProcessBuilder(command).redirectError(silence.toFile()).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (output.isBlank()) {
      throw new IOException("nothing printed by " + command);
    }
    return output.lines().toList();
  }
}
