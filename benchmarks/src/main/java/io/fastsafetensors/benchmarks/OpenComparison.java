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

/** Times reads on demand, of a file that is open before the time begins. */
@Command(name = "open", mixinStandardHelpOptions = true, showDefaultValues = true)
final class OpenComparison implements Callable<Integer> {
  private static final long GIB = 1L << 30;
  private static final int KIB = 1 << 10;
  private static final int SIDE = 4096;
  private static final int SMALL_ROWS = 200;

  @Mixin private Turns turns = new Turns();

  @Option(names = "--gib", defaultValue = "4", description = "the size of the tensor of rows")
  private int gib;

  @Option(names = "--row-kib", defaultValue = "64", description = "the size of a row")
  private int rowKib;

  @Option(names = "--wants", split = ",", description = "what is read: ${COMPLETION-CANDIDATES}")
  private Set<OpenWant> wants = EnumSet.allOf(OpenWant.class);

  /** Runs the command. */
  public static void main(String[] args) {
    CommandLine command = new CommandLine(new OpenComparison());
    System.exit(command.setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    long columns = (long) rowKib * KIB / Float.BYTES;
    try (RankGroups groups = RankGroups.start(1, OpenWays.class, List.of(), "open.")) {
      for (OpenWant want : wants) {
        boolean slices = want == OpenWant.SLICES;
        try (MadeFiles small = new MadeFiles(turns.parent());
            MadeFiles large = new MadeFiles(turns.parent())) {
          make(small, slices ? Shape.of(SMALL_ROWS, SMALL_ROWS) : Shape.of(SMALL_ROWS, columns));
          make(large, slices ? Shape.of(SIDE, SIDE) : Shape.of(gib * GIB / KIB / rowKib, columns));
          turns.compare(groups, want.name(), small.folder(), large.folder());
        }
      }
    }
    return 0;
  }

  private static void make(MadeFiles made, Shape matrix) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    MadeFiles.add(writer, "matrix", DType.F32, matrix);
    made.write("model.safetensors", writer);
  }
}
