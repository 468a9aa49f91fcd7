// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Times saves of tensors that are in host memory, until they are on the disk, beside other programs
 * and what the disk gives at best.
 */
@Command(
    name = "save",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Saves to new folders in the folder, which are deleted in the end.")
final class SaveComparison implements Callable<Integer> {
  private static final double GIB = 1L << 30;
  private static final long SMALL_BYTES = 32 << 20;
  private static final int ROW = 1024;

  @Mixin private Rounds rounds = new Rounds(EnumSet.of(CacheState.WARM));

  @Option(names = "--gib", defaultValue = "4", description = "the size of all tensors")
  private double gib;

  @Option(names = "--tensors", defaultValue = "300", description = "how many tensors, all F32")
  private int tensors;

  @Option(names = "--shards", defaultValue = "4", description = "how many files")
  private int shards;

  /** Runs the command. */
  public static void main(String[] args) {
    CommandLine command = new CommandLine(new SaveComparison());
    System.exit(command.setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    try (MadeFiles small = new MadeFiles(rounds.folder());
        MadeFiles large = new MadeFiles(rounds.folder());
        SaveWays saves = new SaveWays(shards)) {
      make(small, SMALL_BYTES);
      make(large, (long) (gib * GIB));
      List<Way> ways = new ArrayList<>(WriteLimit.ways(shards));
      ways.addAll(saves.all());
      ways.addAll(PeerWays.installed("save.", Device.CPU, small.folder(), rounds.out()));
      rounds.compare(ways, small.folder(), large.folder(), saves.goals());
    }
    return 0;
  }

  private void make(MadeFiles made, long bytes) throws IOException {
    Shape shape = Shape.of(Math.max(1, bytes / tensors / DType.F32.byteSize(ROW)), ROW);
    SafetensorsWriter writer = new SafetensorsWriter();
    for (int i = 0; i < tensors; i++) {
      MadeFiles.add(writer, "layers.%s.weight".formatted(i), DType.F32, shape);
    }
    made.write("model.safetensors", writer);
  }
}
