// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/**
 * Classes as a JVM has them after a load, so that the many JVMs that tests start take half as long.
 * The first test that needs them makes them, for all forks.
 */
public final class StartCache {
  private static final Path FOLDER = Path.of("target", "start-cache").toAbsolutePath();
  private static final long LIMIT_SECONDS = 120;
  private static final String MAIN = "io.fastsafetensors.cli.Main";

  private final Path file;
  private boolean current;

  StartCache(String name) {
    file = FOLDER.resolve(name + ".aot");
  }

  /** The tests' class path, for JVMs that may call native code. */
  private static final class ClassPath {
    private static final List<String> OPTIONS = options();

    private static List<String> options() {
      try {
        List<String> jars = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
          Path path = Path.of(entry);
          jars.add(Files.isDirectory(path) ? jar(path, jars.size()).toString() : entry);
        }
        List<String> start =
            List.of(
                "--enable-native-access=ALL-UNNAMED", "-cp", String.join(File.pathSeparator, jars));
        List<String> command = new ArrayList<>(start);
        command.add(MAIN);
        List<String> options = new ArrayList<>();
        options.addAll(
            new StartCache("class-path").options(jars.stream().map(Path::of).toList(), command));
        options.addAll(start);
        return options;
      } catch (IOException e) {
        throw new IllegalStateException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }

    /** The JVM keeps classes of jars only. */
    private static Path jar(Path folder, int number) throws IOException {
      Files.createDirectories(FOLDER);
      Path jar = FOLDER.resolve(number + ".jar");
      try (FileChannel channel = lock(jar);
          FileLock _ = channel.lock();
          Stream<Path> tree = Files.walk(folder)) {
        List<Path> files = tree.filter(Files::isRegularFile).sorted().toList();
        if (!isNewer(jar, files)) {
          Path made = FOLDER.resolve(number + ".made");
          pack(folder, files, made);
          Files.move(made, jar, StandardCopyOption.ATOMIC_MOVE);
        }
      }
      return jar;
    }

    private static void pack(Path folder, List<Path> files, Path jar) throws IOException {
      try (OutputStream out = Files.newOutputStream(jar);
          JarOutputStream output = new JarOutputStream(out)) {
        for (Path path : files) {
          output.putNextEntry(new JarEntry(folder.relativize(path).toString()));
          Files.copy(path, output);
        }
      }
    }
  }

  /** Returns the command line of a JVM with the tests' class path; it starts fast. */
  public static List<String> java(List<String> options, String program) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(Jvm.SHORT);
    command.addAll(options);
    command.addAll(ClassPath.OPTIONS);
    command.add(program);
    return command;
  }

  /**
   * Returns options of a JVM. One that can't use it, for other options, says nothing.
   *
   * @param jars what it is made from, and has to be newer than
   * @param command the arguments that start {@code fst} from the jars, up to its own
   */
  synchronized List<String> options(List<Path> jars, List<String> command)
      throws IOException, InterruptedException {
    if (!current) {
      Files.createDirectories(FOLDER);
      try (FileChannel channel = lock(file);
          FileLock _ = channel.lock()) { // other forks run tests, too
        if (!isNewer(file, jars)) {
          make(command);
        }
      }
      current = true;
    }
    return List.of("-Xlog:aot*=off", "-Xlog:cds*=off", "-XX:AOTCache=" + file);
  }

  private static FileChannel lock(Path file) throws IOException {
    return FileChannel.open(
        file.resolveSibling(file.getFileName() + ".lock"),
        StandardOpenOption.CREATE,
        StandardOpenOption.WRITE);
  }

  private static boolean isNewer(Path file, List<Path> than) {
    long made = file.toFile().lastModified(); // 0 if it isn't there
    return than.stream().allMatch(path -> path.toFile().lastModified() < made);
  }

  private void make(List<String> command) throws IOException, InterruptedException {
    String sample = Files.createTempDirectory(FOLDER, "sample").toString();
    Path made = file.resolveSibling(file.getFileName() + ".made");
    run(List.of(), command, "make", sample, "--bytes", "1MiB", "--tensors", "8");
    run(List.of("-XX:AOTCacheOutput=" + made), command, "load", sample, "--json");
    Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private void run(List<String> options, List<String> command, String... arguments)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>();
    all.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    all.addAll(Jvm.SHORT);
    all.addAll(options);
    all.addAll(command);
    all.addAll(List.of(arguments));
    Path log = file.resolveSibling(file.getFileName() + ".log");
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
