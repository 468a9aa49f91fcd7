// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A rank in a process of its own, which does what lines tell it and answers each with a line:
 * {@code ready}, {@code done}, or {@code failed}, with words after tabs. Lines of other beginnings
 * are not its own.
 */
final class RankJvm implements AutoCloseable {
  static final String READY = "ready";
  static final String DONE = "done";
  static final String FAILED = "failed";
  static final String TAB = "\t";

  private final Process process;
  private final BufferedWriter orders;
  private final BufferedReader answers;

  RankJvm(List<String> command, Map<String, String> environment) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    orders = process.outputWriter();
    answers = process.inputReader();
  }

  /** Returns a port that nobody has. */
  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Tells a process which rank it is, as torchrun does. */
  static Map<String, String> environment(int rank, int ranks, int port) {
    return Map.of(
        "RANK",
        Integer.toString(rank),
        "WORLD_SIZE",
        Integer.toString(ranks),
        "MASTER_ADDR",
        InetAddress.getLoopbackAddress().getHostAddress(),
        "MASTER_PORT",
        Integer.toString(port));
  }

  /** Returns the command that runs a class in a JVM like this one. */
  static List<String> java(Class<?> main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp"));
    command.addAll(List.of(System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    return command;
  }

  void tell(String... words) throws IOException {
    orders.write(String.join(TAB, words));
    orders.newLine();
    orders.flush();
  }

  /** Waits for the answer and returns the words after the first. */
  List<String> answer() throws IOException {
    while (true) {
      String line = answers.readLine();
      if (line == null) {
        throw new EOFException("a rank ended");
      }
      List<String> words = List.of(line.split(TAB, -1));
      switch (words.getFirst()) {
        case READY, DONE -> {
          return words.subList(1, words.size());
        }
        case FAILED -> throw new IOException(words.getLast());
        default -> {}
      }
    }
  }

  /** Ends the process: it sees the end of its orders. */
  @Override
  public void close() throws IOException {
    orders.close();
    process.onExit().join();
  }
}
