// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.Device;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What other programs do: each system property whose name begins with a prefix is a command, one
 * word a line. Without arguments it tells the names of its ways; with such a name, a folder and a
 * small folder to warm up with it loads the folder and tells how long that took, in nanoseconds,
 * without its own start. For another device than {@code cpu} two more words come first: {@code
 * --device cuda:0}.
 *
 * @param command the command
 * @param name the way
 */
record PeerWays(List<String> command, String name) {
  /** What the names of all these ways have in them. */
  static final String PEER = "peer: ";

  /** What a peer's own name of a way begins with that ends when it has the first tensor. */
  private static final String FIRST = "first tensor, ";

  /** Returns the ways of those that load to a device; says which can't be asked. */
  static List<Way> installed(String prefix, Device device, Path small, PrintWriter out) {
    return System.getProperties().stringPropertyNames().stream()
        .filter(property -> property.startsWith(prefix))
        .sorted()
        .map(property -> command(System.getProperty(property), device))
        .flatMap(command -> of(command, out))
        .map(peer -> peer.way(small))
        .toList();
  }

  private static List<String> command(String words, Device device) {
    Stream<String> option = device.isCpu() ? Stream.of() : Stream.of("--device", device.toString());
    return Stream.concat(words.lines(), option).toList();
  }

  private static Stream<PeerWays> of(List<String> command, PrintWriter out) {
    try {
      return run(command).stream().map(name -> new PeerWays(command, name));
    } catch (IOException e) {
      out.println("peer " + command + ": left out, " + e.getMessage());
      return Stream.empty();
    }
  }

  private Way way(Path small) {
    Way whole = whole(small);
    return name.startsWith(FIRST) ? whole.untilFirstTensor() : whole;
  }

  private Way whole(Path small) {
    return Way.of(
            PEER + (name.startsWith(FIRST) ? name.substring(FIRST.length()) : name),
            folder -> () -> nanos(run(command, name, folder.toString(), small.toString())))
        .only(CacheState.WARM, CacheState.COLD)
        .inOtherProcess();
  }

  private long nanos(List<String> printed) throws IOException {
    if (printed.isEmpty()) {
      throw new IOException("nothing printed by " + command);
    }
    return Long.parseLong(printed.getLast());
  }

  private static List<String> run(List<String> command, String... arguments) throws IOException {
    List<String> whole = new ArrayList<>(command);
    whole.addAll(List.of(arguments));
    Path complaints = Files.createTempFile("fst-peer", ".txt");
    try {
      Process process = new ProcessBuilder(whole).redirectError(complaints.toFile()).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.onExit().join().exitValue() != 0) {
        throw new IOException("it failed: " + firstFault(Files.readString(complaints)));
      }
      return output.lines().toList();
    } finally {
      Files.delete(complaints);
    }
  }

  /** Finds what a program in Java or Python says of its end, among all else that it says. */
  private static String firstFault(String complaints) {
    return complaints
        .lines()
        .filter(line -> line.contains("Exception") || line.contains("Error"))
        .findFirst()
        .orElse(complaints);
  }
}
