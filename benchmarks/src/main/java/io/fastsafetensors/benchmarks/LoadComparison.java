// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.Device;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Times ways to load a folder of safetensors files, by default from the page cache and (as root)
 * without.
 *
 * <p>The ways take turns, round after round, each round in another order, since what one way leaves
 * of the disk's and the host's patience is what the next one gets; and each run starts after as
 * much memory was touched as it will use: drifts of the machine hit all alike, and medians compare.
 */
@Command(name = "load", mixinStandardHelpOptions = true, showDefaultValues = true)
final class LoadComparison implements Callable<Integer> {
  /** More than the first tensor of a checkpoint usually has. */
  private static final long FIRST_TENSOR_BYTES = 64 << 20;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "FOLDER", description = "has the files; see fst make")
  private Path folder = Path.of("");

  @Parameters(index = "1", paramLabel = "ROUNDS", defaultValue = "5", arity = "0..1")
  private int rounds;

  @Option(
      names = "--states",
      split = ",",
      description = "of the page cache: ${COMPLETION-CANDIDATES}")
  private Set<CacheState> states = EnumSet.allOf(CacheState.class);

  @Option(names = "--ways", description = "a regular expression for the names of the ways to time")
  private Pattern names = Pattern.compile("");

  @Option(
      names = "--warmup",
      defaultValue = "200",
      description = "how often each way loads a small file first, for the JVM to compile it")
  private int warmup;

  @Option(
      names = "--settle",
      defaultValue = "0",
      description =
          "seconds before each run in which a virtual machine may give back what is free; what the"
              + " run will use is held meanwhile")
  private int settle;

  @Option(
      names = "--device",
      description = "loads to a device, and what copies to it give at best; instead of the others")
  private @Nullable String device;

  @Option(names = "--json", description = "where the figures go too")
  private @Nullable Path json;

  /** Runs the command. */
  public static void main(String[] args) {
    CommandLine command = new CommandLine(new LoadComparison());
    System.exit(command.setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    try (Warmup small = new Warmup()) {
      compare(small);
    }
    return 0;
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private void compare(Warmup small) throws Exception {
    List<Way> ways = new ArrayList<>(DiskLimit.ways());
    if (device == null) {
      ways.addAll(PlainWays.all());
      ways.addAll(FstWays.all());
      ways.addAll(PeerWays.installed(Device.CPU, small.folder(), out()));
    } else {
      ways.add(PlainWays.readPopulated());
      ways.addAll(DeviceWays.all(Device.parse(device)));
      ways.addAll(PeerWays.installed(Device.parse(device), small.folder(), out()));
    }
    ways.removeIf(way -> !names.matcher(way.name()).find());
    small.run(ways, warmup);
    Results results = new Results(folder, HostState.bytes(folder), settle, out());
    for (CacheState state : states) {
      if (state.needsRoot() && !HostState.canDropCaches()) {
        out().println(state + ": left out, dropping the page cache needs root");
      } else {
        run(state, ways, results);
      }
    }
    results.print(goals(ways));
    if (json != null) {
      results.write(json);
    }
  }

  private List<Goal> goals(List<Way> ways) {
    Device target = device == null ? Device.CPU : Device.parse(device);
    Stream<Goal> besidePeers =
        ways.stream()
            .filter(way -> way.name().contains(PeerWays.PEER))
            .flatMap(way -> states.stream().map(state -> Goal.beside(way, target, state)));
    List<Goal> known = device == null ? Goal.OF_HOST : Goal.of(target);
    return Stream.concat(known.stream(), besidePeers)
        .sorted(Comparator.comparing(Goal::state))
        .toList();
  }

  private void run(CacheState state, List<Way> ways, Results results) throws Exception {
    Optional<Readahead> readahead =
        state == CacheState.COLD_128K
            ? Readahead.set(folder, Readahead.LINUX_KIB)
            : Optional.empty();
    try {
      List<Way> timed =
          new ArrayList<>(ways.stream().filter(way -> way.states().contains(state)).toList());
      for (int round = 0; round < rounds; round++) {
        timed.removeIf(way -> !add(state, way, results));
        Collections.shuffle(timed, new Random(round));
      }
      results.print(state);
    } finally {
      readahead.ifPresent(Readahead::close);
    }
  }

  /** Times a way; answers false if it can't load these files, as some peers can't. */
  private boolean add(CacheState state, Way way, Results results) {
    try {
      results.add(state, way, time(way, state, results.bytes()));
      return true;
    } catch (Exception e) {
      out().println(way.name() + ": left out, " + e);
      return false;
    }
  }

  private long time(Way way, CacheState state, long bytes) throws Exception {
    try (Way.Run run = way.preparation().prepare(folder)) {
      state.establish(folder);
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
