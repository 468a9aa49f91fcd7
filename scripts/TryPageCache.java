// SPDX-License-Identifier: Apache-2.0
import io.fastsafetensors.AccessPath;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Loader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Loads a folder in each way in turn and prints {@code WAY MILLISECONDS PATHS REASON} of each, with
 * the median time. Arguments: folder, loads of each way, a command that goes before each load (or
 * "-"), and the ways.
 */
final class TryPageCache {
  private static final int WARM_UPS = 4;

  private TryPageCache() {}

  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    int loads = Integer.parseInt(args[1]);
    List<String> ways = new ArrayList<>(Arrays.asList(args).subList(3, args.length));
    Map<String, List<Double>> times = new LinkedHashMap<>();
    Map<String, String> told = new LinkedHashMap<>();
    Random order = new Random();
    for (int i = -WARM_UPS; i < loads; i++) {
      Collections.shuffle(ways, order);
      for (String way : ways) {
        double time = time(folder, way, args[2], told);
        if (i >= 0) {
          times.computeIfAbsent(way, _ -> new ArrayList<>()).add(time);
        }
      }
    }
    times.forEach(
        (way, all) -> System.out.println(way + "\t" + median(all) + "\t" + told.get(way)));
  }

  private static double time(Path folder, String way, String before, Map<String, String> told)
      throws Exception {
    if (!before.equals("-")) {
      new ProcessBuilder("sh", "-c", before).inheritIO().start().waitFor();
    }
    LoadOptions.Builder options = LoadOptions.builder();
    switch (way) {
      case "cpu" -> options.backend("cpu");
      case "mapped" -> options.path(AccessPath.MAPPED);
      case "copied" -> options.path(AccessPath.COPIED);
      default -> options.path(AccessPath.AUTO);
    }
    long start = System.nanoTime();
    try (FileBuffer buffer = load(folder, options.build())) {
      double millis = (System.nanoTime() - start) / 1e6;
      LoadReport report = buffer.report();
      told.put(
          way,
          report.files().getFirst().bytesByPath().keySet()
              + "\t"
              + report.files().getFirst().reason());
      return millis;
    }
  }

  private static FileBuffer load(Path folder, LoadOptions options) throws Exception {
    try (Loader loader = Loader.builder().build()) {
      loader.addCheckpoint(folder);
      return loader.load(options);
    }
  }

  private static double median(List<Double> times) {
    return times.stream().sorted().skip(times.size() / 2).findFirst().orElseThrow();
  }
}
