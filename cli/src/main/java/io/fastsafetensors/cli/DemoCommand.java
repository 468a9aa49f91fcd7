// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.cli.launch.GroupPlan;
import io.fastsafetensors.cli.launch.JavaCommand;
import io.fastsafetensors.cli.launch.LocalRanks;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Runs the examples of the original's read-me. */
@Command(
    name = "demo",
    description = {
      "Loads two small files and prints a tensor.",
      "Then two processes load a file each, and share and shard their tensors.",
      "Where no collective connects processes, they are two threads."
    })
final class DemoCommand implements Callable<Integer> {
  @Mixin private Output output;

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (DemoFiles files = DemoFiles.write()) {
      runSingle(files, output.out());
      List<PluginReport> collectives =
          Plugins.installed().probe(Device.CPU).stream()
              .filter(plugin -> plugin.kind() == PluginReport.Kind.COLLECTIVE)
              .toList();
      if (collectives.stream().anyMatch(PluginReport::available)) {
        return runProcesses(files, output.out());
      }
      output.out().println("two threads instead of two processes: " + collectives);
      DemoRank.runThreads(files).forEach(output.out()::print);
      return ExitCode.OK;
    }
  }

  private static void runSingle(DemoFiles files, PrintWriter out) throws IOException {
    try (Loader loader = Loader.open(files.path("a"), files.path("b"));
        FileBuffer buffer = loader.load();
        Tensor a0 = buffer.tensor("a0")) {
      out.println("a0: " + a0);
      LoadOutcome.of(buffer.report(), Duration.ZERO).printTo(out);
      out.flush();
    }
  }

  /** Prints what the ranks print, one after the other, because both print many lines. */
  private int runProcesses(DemoFiles files, PrintWriter out)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(JavaCommand.of(Main.class));
    command.addAll(List.of(DemoRankCommand.NAME, files.folder().toString()));
    List<StringBuilder> printed = List.of(new StringBuilder(), new StringBuilder());
    GroupPlan plan = GroupPlan.local(DemoRank.RANKS, GroupPlan.newToken());
    try (LocalRanks launcher =
        LocalRanks.start(
            command,
            plan,
            (rank, line) -> printed.get(rank).append(line).append('\n'),
            (rank, line) -> output.err().println("[" + rank + "] " + line))) {
      Optional<LocalRanks.Failure> failure = launcher.await();
      printed.forEach(out::print);
      failure.ifPresent(f -> output.err().println("fst: demo: " + f));
      return failure.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
    }
  }

  /** What each process of the demo runs. */
  @Command(name = DemoRankCommand.NAME, hidden = true)
  static final class DemoRankCommand implements Callable<Integer> {
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
}
