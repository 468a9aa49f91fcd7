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
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Times streams through a window of memory, beside loads, other programs, and what storage, memory
 * and conversions give at best. Whoever gets a tensor reads one byte of each page and lets it go.
 */
@Command(
    name = "stream",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Streams files that are made in the folder, and deleted in the end.")
final class StreamComparison implements Callable<Integer> {
  private static final double GIB = 1L << 30;
  private static final long MIB = 1 << 20;
  private static final long SMALL_BYTES = 16 * MIB;
  private static final int ROW = 1024;

  @Mixin private Rounds rounds = new Rounds(EnumSet.of(CacheState.WARM, CacheState.COLD));

  @Option(names = "--gib", defaultValue = "4", description = "the size of all files")
  private double gib;

  @Option(names = "--files", defaultValue = "1", description = "how many files")
  private int files;

  @Option(names = "--tensors", defaultValue = "300", description = "how many tensors, all F32")
  private int tensors;

  @Option(names = "--window", defaultValue = "256", description = "the window, in MiB")
  private long windowMib;

  @Option(names = "--device", defaultValue = "sim:0", description = "to which is streamed, too")
  private String device = "";

  /** Runs the command. */
  public static void main(String[] args) {
    CommandLine command = new CommandLine(new StreamComparison());
    System.exit(command.setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    try (MadeFiles small = new MadeFiles(rounds.folder());
        MadeFiles large = new MadeFiles(rounds.folder())) {
      make(small, SMALL_BYTES);
      make(large, (long) (gib * GIB));
      StreamWays streams = new StreamWays(windowMib * MIB, Device.parse(device));
      List<Way> ways = new ArrayList<>(streams.all());
      ways.add(DiskLimit.again());
      ways.add(PlainWays.readPopulated());
      ways.addAll(PeerWays.installed("stream.", Device.CPU, small.folder(), rounds.out()));
      rounds.compare(ways, small.folder(), large.folder(), streams.goals());
    }
    return 0;
  }

  private void make(MadeFiles made, long bytes) throws IOException {
    Shape shape = Shape.of(Math.max(1, bytes / tensors / DType.F32.byteSize(ROW)), ROW);
    for (int file = 1; file <= files; file++) {
      SafetensorsWriter writer = new SafetensorsWriter();
      for (int i = file; i <= tensors; i += files) {
        MadeFiles.add(writer, "layers.%s.weight".formatted(i), DType.F32, shape);
      }
      String name = String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", file, files);
      made.write(name, writer);
    }
  }
}
