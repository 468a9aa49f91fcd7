// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.ProcessGroup;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What each process of the demo runs. */
@Command(name = DemoRankCommand.NAME, hidden = true)
final class DemoRankCommand implements Callable<Integer> {
  static final String NAME = "demo-rank";

  @Mixin private Output output;

  @Parameters private Path folder;

  @Override
  public Integer call() throws IOException {
    try (ProcessGroup group = ProcessGroup.fromEnvironment()) {
      if (group.launcher().isEmpty()) {
        throw new IllegalArgumentException("run by fst demo only");
      }
      output.out().print(new DemoRank(group, new DemoFiles(folder)).run());
    }
    return ExitCode.OK;
  }
}
