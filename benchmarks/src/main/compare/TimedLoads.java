// SPDX-License-Identifier: Apache-2.0
import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Times loads for {@code scripts/compare-builds}, against the jars of one build: reads lines {@code
 * WAY FOLDER} from standard input and answers each with nanoseconds. It uses only calls that both
 * builds have.
 */
public final class TimedLoads {
  private static final Map<Path, Loader> POOLED = new HashMap<>();

  private TimedLoads() {}

  public static void main(String[] args) throws Exception {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ", 2);
      System.out.println(nanos(words[0], Path.of(words[1])));
      System.out.flush();
    }
  }

  private static long nanos(String way, Path folder) throws Exception {
    return switch (way) {
      case "auto" -> fresh(folder, "cpu", AccessPath.AUTO);
      case "mapped" -> fresh(folder, "cpu", AccessPath.MAPPED);
      case "copied" -> fresh(folder, "cpu", AccessPath.COPIED);
      case "simulated" -> fresh(folder, "sim:0", AccessPath.AUTO);
      case "pooled" -> pooled(folder);
      case "first" -> firstTensor(folder);
      case "copies" -> copies(folder);
      default -> throw new IllegalArgumentException(way);
    };
  }

  private static long fresh(Path folder, String device, AccessPath path) throws Exception {
    long start = System.nanoTime();
    try (Loader loader = Loader.builder().device(Device.parse(device)).build()) {
      load(loader.addCheckpoint(folder), path);
    }
    return System.nanoTime() - start;
  }

  /** The loader stays open, and keeps memory from load to load. */
  private static long pooled(Path folder) throws Exception {
    if (!POOLED.containsKey(folder)) {
      Loader loader = Loader.builder().build().addCheckpoint(folder);
      POOLED.put(folder, loader);
      load(loader, AccessPath.COPIED);
    }
    long start = System.nanoTime();
    load(POOLED.get(folder), AccessPath.COPIED);
    return System.nanoTime() - start;
  }

  private static long firstTensor(Path folder) throws Exception {
    long start = System.nanoTime();
    try (Loader loader = Loader.builder().build().addCheckpoint(folder)) {
      String first = loader.keys().iterator().next();
      try (FileBuffer buffer = loader.load(LoadOptions.builder().filter(first).build())) {
        buffer.tensor(first).host().orElseThrow().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0);
      }
    }
    return System.nanoTime() - start;
  }

  /** To close a copy of each tensor; the copies are made before. */
  private static long copies(Path folder) throws Exception {
    try (Loader loader = Loader.builder().build().addCheckpoint(folder);
        FileBuffer buffer = loader.load(LoadOptions.defaults())) {
      var tensors = new java.util.ArrayList<io.fastsafetensors.Tensor>();
      for (String name : buffer.keys()) {
        tensors.add(buffer.tensor(name).copy());
      }
      long start = System.nanoTime();
      tensors.forEach(io.fastsafetensors.Tensor::close);
      return System.nanoTime() - start;
    }
  }

  private static void load(Loader loader, AccessPath path) throws Exception {
    try (FileBuffer buffer = loader.load(LoadOptions.builder().path(path).build())) {
      if (buffer.keys().isEmpty()) {
        throw new IllegalStateException("nothing was loaded");
      }
    }
  }
}
