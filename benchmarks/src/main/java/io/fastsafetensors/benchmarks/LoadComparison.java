// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Times ways to load a folder of safetensors files, by default from the page cache and (as root)
 * without.
 */
@Command(
    name = "load",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Loads the safetensors files of the folder; see fst make.")
final class LoadComparison implements Callable<Integer> {
  private static final int SMALL_TENSORS = 300;
  private static final int SMALL_TENSOR_ELEMENTS = 8 << 10;

  @Mixin private Rounds rounds = new Rounds(EnumSet.allOf(CacheState.class));

  @Option(
      names = "--device",
      description = "loads to a device, and what copies to it give at best; instead of the others")
  private @Nullable String device;

  /** Runs the command. */
  public static void main(String[] args) {
    CommandLine command = new CommandLine(new LoadComparison());
    System.exit(command.setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    try (MadeFiles small = MadeFiles.temporary()) {
      SafetensorsWriter writer = new SafetensorsWriter();
      for (int i = 0; i < SMALL_TENSORS; i++) {
        String name = "layers." + i + ".weight";
        MadeFiles.add(writer, name, DType.BF16, Shape.of(SMALL_TENSOR_ELEMENTS));
      }
      small.write("model.safetensors", writer);
      List<Way> ways = ways(small.folder());
      rounds.compare(ways, small.folder(), rounds.folder(), goals(ways));
    }
    return 0;
  }

  private Device target() {
    return device == null ? Device.CPU : Device.parse(device);
  }

  private List<Way> ways(Path small) {
    List<Way> ways = new ArrayList<>(DiskLimit.ways());
    if (device == null) {
      ways.addAll(PlainWays.all());
      ways.addAll(FstWays.all());
    } else {
      ways.add(PlainWays.readPopulated());
      ways.addAll(DeviceWays.all(target()));
    }
    ways.addAll(PeerWays.installed("peer.", target(), small, rounds.out()));
    return ways;
  }

  private List<Goal> goals(List<Way> ways) {
    Stream<Goal> besidePeers =
        ways.stream()
            .filter(way -> way.name().contains(PeerWays.PEER))
            .flatMap(way ->
                Arrays.stream(CacheState.values()).map(state -> Goal.beside(way, target(), state)));
    List<Goal> known = device == null ? Goal.OF_HOST : Goal.of(target());
    return Stream.concat(known.stream(), besidePeers)
        .sorted(Comparator.comparing(Goal::state))
        .toList();
  }
}
