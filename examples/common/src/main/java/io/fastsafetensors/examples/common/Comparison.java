// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.common;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Variants of a program, timed side by side: each runs in a JVM of its own, in turn, and says its
 * {@link Milestone}s. Of several rounds a first one, in which files get into the page cache,
 * doesn't count. Programs that are started often have the classes of an earlier run in a cache of
 * the JVM ({@link StartCaches}): several rounds are timed with it, too.
 */
public final class Comparison {
  private static final long LIMIT_SECONDS = 120;

  /** So that garbage is no part of the peak. */
  private static final List<String> SMALL_HEAP = List.of("-Xmx128m", "-XX:+UseSerialGC");

  private final Class<?> main;
  private final List<String> options;
  private final List<String> arguments;

  /**
   * Compares variants of a program.
   *
   * @param main its class, of this class path; gets the arguments, then the variant's name
   * @param options more of its JVM
   * @param arguments those before the variant
   */
  public Comparison(Class<?> main, List<String> options, String... arguments) {
    this.main = main;
    this.options = List.copyOf(options);
    this.arguments = List.of(arguments);
  }

  /** Runs all variants so many times, and returns a table of the medians of each. */
  public <V extends Enum<V>> String run(Class<V> variants, int rounds) throws IOException {
    if (rounds == 1) {
      return Figures.HEADING + table(variants, 1, this::runAsItIs);
    }
    int all = 1 + rounds;
    String asItIs = table(variants, all, this::runAsItIs);
    try (StartCaches caches = new StartCaches(System.getProperty("java.class.path"))) {
      for (V variant : variants.getEnumConstants()) {
        run(caches.classPath(), List.of(caches.makes(variant.name())), variant.name());
      }
      String cached =
          table(variants, all, name -> run(caches.classPath(), caches.uses(name), name));
      return Figures.HEADING + asItIs + "with classes in an AOT cache\n" + cached;
    }
  }

  /** Runs a variant. */
  private interface VariantRun {
    Figures of(String variant) throws IOException;
  }

  private <V extends Enum<V>> String table(Class<V> variants, int rounds, VariantRun run)
      throws IOException {
    Map<V, List<Figures>> all = new EnumMap<>(variants);
    for (int round = 0; round < rounds; round++) {
      for (V variant : variants.getEnumConstants()) {
        Figures figures = run.of(variant.name());
        if (round > 0 || rounds == 1) {
          all.computeIfAbsent(variant, _ -> new ArrayList<>()).add(figures);
        }
      }
    }
    StringBuilder rows = new StringBuilder();
    all.forEach((variant, each) -> rows.append(Figures.median(each).row(variant.toString())));
    return rows.toString();
  }

  private Figures runAsItIs(String variant) throws IOException {
    return run(System.getProperty("java.class.path"), List.of(), variant);
  }

  private Figures run(String classPath, List<String> more, String variant) throws IOException {
    long start = System.nanoTime();
    Process process = start(classPath, more, variant);
    CompletableFuture<Process> limit =
        process
            .onExit()
            .orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS)
            .whenComplete((_, _) -> process.destroyForcibly());
    List<String> lines = new ArrayList<>();
    long first = 0;
    try (BufferedReader output = process.inputReader()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        lines.add(line);
        if (Milestone.FIRST_RESULT.value(line).isPresent()) {
          first = System.nanoTime() - start;
        }
      }
    } finally {
      limit.cancel(true);
    }
    return new Figures(value(Milestone.LOADED, lines), first, value(Milestone.PEAK, lines));
  }

  private Process start(String classPath, List<String> more, String variant) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(more);
    command.addAll(SMALL_HEAP);
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", classPath, main.getName()));
    command.addAll(arguments);
    command.add(variant);
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private static long value(Milestone milestone, List<String> lines) throws IOException {
    for (String line : lines) {
      OptionalLong value = milestone.value(line);
      if (value.isPresent()) {
        return value.getAsLong();
      }
    }
    throw new IOException("a program to compare said no " + milestone + ": " + lines);
  }
}
