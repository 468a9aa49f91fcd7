// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What other programs do: each system property whose name begins with {@code peer.} is a command,
 * one word a line. Without arguments it tells the names of its ways; with such a name, a folder and
 * a small folder to warm up with it loads the folder and tells how long that took, in nanoseconds,
 * without its own start.
 *
 * @param command the command
 * @param name the way
 */
record PeerWays(List<String> command, String name) {
  /** What the names of all these ways have in them. */
  static final String PEER = "peer: ";

  /** What a peer's own name of a way begins with that ends when it has the first tensor. */
  private static final String FIRST = "first tensor, ";

  private static final String PREFIX = "peer.";
  private static final Path SILENCE = Path.of("/dev/null");

  static List<Way> installed(Path small) {
    return System.getProperties().stringPropertyNames().stream()
        .filter(property -> property.startsWith(PREFIX))
        .sorted()
        .map(property -> System.getProperty(property).lines().toList())
        .flatMap(PeerWays::of)
        .map(peer -> peer.way(small))
        .toList();
  }

  private static Stream<PeerWays> of(List<String> command) {
    try {
      return run(command).stream().map(name -> new PeerWays(command, name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Way way(Path small) {
    Way whole = whole(small);
    return name.startsWith(FIRST) ? whole.untilFirstTensor() : whole;
  }

  private Way whole(Path small) {
    return Way.of(
            PEER + (name.startsWith(FIRST) ? name.substring(FIRST.length()) : name),
            folder ->
                () ->
                    Long.parseLong(
                        run(command, name, folder.toString(), small.toString()).getLast()))
        .only(CacheState.WARM, CacheState.COLD)
        .inOtherProcess();
  }

  private static List<String> run(List<String> command, String... arguments) throws IOException {
    List<String> whole = new ArrayList<>(command);
    whole.addAll(List.of(arguments));
    Process process = new ProcessBuilder(whole).redirectError(SILENCE.toFile()).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (output.isBlank()) {
      throw new IOException("nothing printed by " + whole);
    }
    return output.lines().toList();
  }
}
