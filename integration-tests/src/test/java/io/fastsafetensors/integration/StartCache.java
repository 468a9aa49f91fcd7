// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Classes of the command {@code fst} as a JVM has them after a load, so that the many that tests
 * start take half as long. The first test that needs it makes it, for all JVMs of tests.
 */
final class StartCache {
  private static final Path FILE = Path.of("target", "start-cache", "fst.aot").toAbsolutePath();
  private static final long LIMIT_SECONDS = 120;

  /** A JVM that can't use it, for its options, starts without, and says nothing. */
  private static final List<String> OPTIONS =
      List.of("-Xlog:aot*=off", "-Xlog:cds*=off", "-XX:AOTCache=" + FILE);

  private StartCache() {}

  /**
   * Returns options of a JVM.
   *
   * @param command the arguments of one that runs the command, up to the command's own
   */
  static synchronized List<String> options(List<String> command)
      throws IOException, InterruptedException {
    if (isCurrent()) {
      return OPTIONS;
    }
    Files.createDirectories(FILE.getParent());
    try (FileChannel channel =
            FileChannel.open(
                FILE.resolveSibling("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock _ = channel.lock()) { // other JVMs run tests, too
      if (!isCurrent()) {
        make(command);
      }
    }
    return OPTIONS;
  }

  private static boolean isCurrent() throws IOException {
    long made = FILE.toFile().lastModified(); // 0 if it isn't there
    try (Stream<Path> jars = Files.list(Distribution.LIB)) {
      return jars.allMatch(jar -> jar.toFile().lastModified() < made);
    }
  }

  private static void make(List<String> command) throws IOException, InterruptedException {
    Path sample = FILE.resolveSibling("sample");
    run(command, List.of(), "make", sample.toString(), "--bytes", "1MiB", "--tensors", "8");
    Path made = FILE.resolveSibling("made.aot");
    run(command, List.of("-XX:AOTCacheOutput=" + made), "load", sample.toString(), "--json");
    Files.move(made, FILE, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void run(List<String> command, List<String> options, String... arguments)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>();
    all.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    all.addAll(Jvm.SHORT);
    all.addAll(options);
    all.addAll(command);
    all.addAll(List.of(arguments));
    Path log = FILE.resolveSibling("log");
    Process process =
        new ProcessBuilder(all).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new AssertionError(all + " failed: " + Files.readString(log));
      }
    } finally {
      process.destroyForcibly();
    }
  }
}
