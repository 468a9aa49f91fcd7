// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What each rank of the demo does: the original's parallel example. */
@Command(name = DemoRankCommand.NAME, hidden = true)
final class DemoRankCommand implements Callable<Integer> {
  static final String NAME = "demo-rank";

  @Mixin private Output output;

  @Parameters private Path folder;

  @Override
  public Integer call() throws IOException {
    DemoFiles files = new DemoFiles(folder);
    GroupConfig config =
        GroupConfig.fromEnvironment(Device.CPU)
            .orElseThrow(() -> new IllegalArgumentException("run by fst demo only"));
    try (ProcessGroup group = ProcessGroup.join(config);
        Loader loader = Loader.builder().group(group).build()) {
      loader.addFiles(Map.of(0, List.of(files.path("a")), 1, List.of(files.path("b"))));
      try (FileBuffer buffer = loader.load();
          Tensor a0 = buffer.tensor("a0");
          Tensor b0 = buffer.sharded("b0", 1)) {
        print(group.rank(), "tensor_a0", a0);
        print(group.rank(), "tensor_b0_sharded", b0);
      }
    }
    return ExitCode.OK;
  }

  private void print(int rank, String name, Tensor tensor) throws IOException {
    output.out().println("RANK " + rank + ": " + name + "=" + TorchText.of(tensor));
  }
}
