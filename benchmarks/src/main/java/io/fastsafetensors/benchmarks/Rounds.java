// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.PrintWriter;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Has ways to load a folder take turns, round after round, each round in another order, since what
 * one way leaves of the disk's and the host's patience is what the next one gets; and each run
 * starts after as much memory was touched as it will use: drifts of the machine hit all alike, and
 * medians compare.
 */
final class Rounds {
  /** More than the first tensor of a checkpoint usually has. */
  private static final long FIRST_TENSOR_BYTES = 64 << 20;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "FOLDER", description = "on the disk to be measured")
  private Path folder = Path.of("");

  @Parameters(index = "1", paramLabel = "ROUNDS", defaultValue = "5", arity = "0..1")
  private int rounds;

  @Option(
      names = "--states",
      split = ",",
      description = "of the page cache: ${COMPLETION-CANDIDATES}")
  private Set<CacheState> states;

  @Option(names = "--ways", description = "a regular expression for the names of the ways to time")
  private Pattern names = Pattern.compile("");

  @Option(
      names = "--warmup",
      defaultValue = "200",
      description = "how often each way loads a small folder first, for the JVM to compile it")
  private int warmup;

  @Option(
      names = "--settle",
      defaultValue = "0",
      description =
          "seconds before each run in which a virtual machine may give back what is free; what the"
              + " run will use is held meanwhile")
  private int settle;

  @Option(names = "--json", description = "where the figures go too")
  private @Nullable Path json;

  /**
   * Starts with the options' defaults.
   *
   * @param states the states that are timed unless others are asked for
   */
  Rounds(Set<CacheState> states) {
    this.states = states;
  }

  Path folder() {
    return folder;
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /**
   * Prints a table for each state, and how far the goals are reached.
   *
   * @param ways which take turns
   * @param small a folder to warm up with
   * @param timed the folder to load
   * @param goals of some of the ways
   */
  void compare(List<Way> ways, Path small, Path timed, List<Goal> goals) throws Exception {
    List<Way> named = ways.stream().filter(way -> names.matcher(way.name()).find()).toList();
    for (int round = 0; round < warmup; round++) {
      named.stream().filter(Way::inThisJvm).forEach(way -> warmUp(way, small));
    }
    Results results = new Results(timed, HostState.bytes(timed), settle, out());
    for (CacheState state : states) {
      if (state.needsRoot() && !HostState.canDropCaches()) {
        out().println(state + ": left out, dropping the page cache needs root");
      } else {
        run(state, named, timed, results);
      }
    }
    results.print(goals);
    if (json != null) {
      results.write(json);
    }
  }

  /**
   * Has the JVM compile what it has to, and other programs do what they do at first; what can't
   * load the folder is left to the timing. What a process's first load takes is another question,
   * and {@code fst load} answers it.
   */
  private static void warmUp(Way way, Path small) {
    try (Way.Run run = way.preparation().prepare(small)) {
      run.nanos();
    } catch (Exception e) {
      System.getLogger(Rounds.class.getName()).log(Level.DEBUG, way.name(), e);
    }
  }

  private void run(CacheState state, List<Way> ways, Path timed, Results results) throws Exception {
    Optional<Readahead> readahead =
        state == CacheState.COLD_128K
            ? Readahead.set(timed, Readahead.LINUX_KIB)
            : Optional.empty();
    try {
      List<Way> able =
          new ArrayList<>(ways.stream().filter(way -> way.states().contains(state)).toList());
      for (int round = 0; round < rounds; round++) {
        able.removeIf(way -> !add(state, way, timed, results));
        Collections.shuffle(able, new Random(round));
      }
      results.print(state);
    } finally {
      readahead.ifPresent(Readahead::close);
    }
  }

  /** Times a way; answers false if it can't load these files, as some peers can't. */
  private boolean add(CacheState state, Way way, Path timed, Results results) {
    try {
      results.add(state, way, time(way, state, timed, results.bytes()));
      return true;
    } catch (Exception e) {
      out().println(way.name() + ": left out, " + e);
      return false;
    }
  }

  private long time(Way way, CacheState state, Path timed, long bytes) throws Exception {
    try (Way.Run run = way.preparation().prepare(timed)) {
      state.establish(timed);
      HostState.touchMemory(memory(way, state, bytes), settle);
      return run.nanos();
    }
  }

  /** Returns how much memory a run will use, in bytes. */
  private static long memory(Way way, CacheState state, long bytes) {
    if (way.maps() && state.cached()) {
      return 0;
    }
    return way.whole() ? bytes : Math.min(bytes, FIRST_TENSOR_BYTES);
  }
}
