// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Times what it costs that each of several ranks gets its part of every tensor, in processes on one
 * host.
 */
@Command(name = "parts", mixinStandardHelpOptions = true, showDefaultValues = true)
final class PartsComparison implements Callable<Integer> {
  private static final long GIB = 1L << 30;
  private static final int SIDE = 4096;
  private static final int SMALL_SIDE = 64;
  private static final long SMALL_BYTES = 512 << 10;
  private static final int VECTORS = 20;

  @Mixin private Turns turns = new Turns();

  @Option(names = "--gib", defaultValue = "2", description = "the size of all files")
  private int gib;

  @Option(names = "--files", defaultValue = "4", description = "how many files")
  private int files;

  @Option(names = "--ranks", defaultValue = "2", description = "how many ranks")
  private int ranks;

  @Option(names = "--wants", split = ",", description = "of every tensor: ${COMPLETION-CANDIDATES}")
  private Set<PartsWant> wants = EnumSet.allOf(PartsWant.class);

  @Option(
      names = "--sample",
      defaultValue = "0",
      description = "looks at kinds of memory each so many milliseconds, which costs some time")
  private int sampleMillis;

  /** Runs the command. */
  public static void main(String[] args) {
    CommandLine command = new CommandLine(new PartsComparison());
    System.exit(command.setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    List<String> options = sampleMillis == 0 ? List.of() : List.of(Integer.toString(sampleMillis));
    try (MadeFiles small = new MadeFiles(turns.parent());
        MadeFiles large = new MadeFiles(turns.parent());
        RankGroups groups = RankGroups.start(ranks, PartsWays.class, options, "ranks.")) {
      make(small, SMALL_BYTES, SMALL_SIDE);
      make(large, gib * GIB, SIDE);
      for (PartsWant want : wants) {
        turns.compare(groups, want.name(), small.folder(), large.folder());
      }
    }
    return 0;
  }

  /**
   * Makes square matrices of F32 and BF16, as many bytes of the one as of the other, and vectors.
   */
  private void make(MadeFiles made, long bytes, int side) throws IOException {
    Shape matrix = Shape.of(side, side);
    long group = 2 * DType.F32.byteSize(matrix.elements());
    for (int file = 1; file <= files; file++) {
      SafetensorsWriter writer = new SafetensorsWriter();
      for (long i = 0; i < bytes / files / group; i++) {
        String layer = "layers.%s.%s.".formatted(file, i);
        MadeFiles.add(writer, layer + "weight", DType.F32, matrix);
        MadeFiles.add(writer, layer + "in.weight", DType.BF16, matrix);
        MadeFiles.add(writer, layer + "out.weight", DType.BF16, matrix);
      }
      for (int i = 0; i < VECTORS; i++) {
        MadeFiles.add(writer, "norms.%s.%s".formatted(file, i), DType.BF16, Shape.of(side));
      }
      made.write("model-0000%s-of-0000%s.safetensors".formatted(file, files), writer);
    }
  }
}
