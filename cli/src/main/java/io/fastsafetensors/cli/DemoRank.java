// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A rank of the original's parallel example: it reads one of two files, and gets a tensor of the
 * first whole and one of the second sharded.
 *
 * @param group the rank's group, of {@link #RANKS}
 * @param files what the ranks read
 */
record DemoRank(ProcessGroup group, DemoFiles files) {
  static final int RANKS = 2;

  private static final Duration TIMEOUT = Duration.ofMinutes(1);

  /** Runs all ranks as threads; returns what each prints. */
  static List<String> runThreads(DemoFiles files) throws IOException {
    try (TensorWorkers<String> ranks = new TensorWorkers<>(RANKS, RANKS, TIMEOUT)) {
      for (ProcessGroup group : ProcessGroup.local(RANKS)) {
        ranks.submit(() -> {
          try (group) {
            return new DemoRank(group, files).run();
          }
        });
      }
      return ranks.results();
    }
  }

  /** Runs this rank; returns what it prints. */
  String run() throws IOException {
    try (Loader loader = Loader.builder().group(group).build()) {
      loader.addFiles(Map.of(0, List.of(files.path("a")), 1, List.of(files.path("b"))));
      try (FileBuffer buffer = loader.load();
          Tensor a0 = buffer.tensor("a0");
          Tensor b0 = buffer.tensor("b0", TensorOptions.of(Part.shard(1)))) {
        LoadOutcome read = LoadOutcome.of(buffer.report(), Duration.ZERO);
        String speed = read.bytes() + " bytes at " + Printing.decimal(read.gbps()) + " GB/s";
        return line("read " + speed) + line("tensor_a0=" + a0) + line("tensor_b0_sharded=" + b0);
      }
    }
  }

  private String line(String text) {
    return "RANK " + group.rank() + ": " + text + System.lineSeparator();
  }
}
