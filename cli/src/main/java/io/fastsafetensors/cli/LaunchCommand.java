// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.cli.launch.GroupPlan;
import io.fastsafetensors.cli.launch.JavaCommand;
import io.fastsafetensors.cli.launch.LocalRanks;
import io.fastsafetensors.cli.launch.LocalRanks.RankOutput;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a subcommand in several processes, the ranks of a group. */
@Command(
    name = "launch",
    description = {
      "Runs a subcommand as ranks: N processes.",
      "Their output gets '[rank] ' in front. When one fails, the others are stopped.",
      "On several hosts: the same command on each, with its own --node-rank, and",
      "with the same secret in the environment variable FST_GROUP_TOKEN."
    })
final class LaunchCommand implements Callable<Integer> {
  private static final String TOKEN = "FST_GROUP_TOKEN";

  @Mixin private Output output;

  @Option(names = "-n", required = true, paramLabel = "N", description = "Ranks on each host.")
  private int ranks;

  @Option(names = "--nnodes", defaultValue = "1", paramLabel = "M", description = "Hosts.")
  private int nodes;

  @Option(
      names = "--node-rank",
      defaultValue = "0",
      paramLabel = "K",
      description = "This host's number, from 0; host 0 runs rank 0.")
  private int node;

  @Option(
      names = "--master",
      paramLabel = "HOST:PORT",
      description = "Where rank 0 listens. Default on one host: a free port on loopback.")
  private @Nullable String master;

  @Parameters(paramLabel = "SUBCOMMAND", arity = "1..*", description = "What each rank runs.")
  private List<String> subcommand;

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(JavaCommand.of(Main.class));
    if (StderrLoggerFinder.isDebug()) {
      command.add("--debug");
    }
    command.addAll(subcommand);
    GroupPlan plan = plan();
    try (LocalRanks launcher =
        LocalRanks.start(command, plan, prefixed(output.out()), prefixed(output.err()))) {
      Optional<LocalRanks.Failure> failure = launcher.await();
      failure.ifPresent(plan::tell);
      return exitCode(failure);
    }
  }

  private GroupPlan plan() throws IOException {
    Optional<String> token = Optional.ofNullable(System.getenv(TOKEN));
    if (nodes > 1 && (token.isEmpty() || master == null)) {
      throw output.misuse(
          "several hosts need --master HOST:PORT and the environment variable " + TOKEN);
    }
    String secret = token.orElseGet(GroupPlan::newToken);
    return master == null
        ? GroupPlan.local(ranks, secret)
        : new GroupPlan(ranks, nodes, node, masterHost(master), masterPort(master), secret);
  }

  private String masterHost(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1) {
      throw output.misuse("--master " + text + ": want HOST:PORT");
    }
    // An IPv6 address is in brackets, to tell its colons from the port's.
    String host = text.substring(0, colon);
    return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
  }

  private int masterPort(String text) {
    String port = text.substring(text.lastIndexOf(':') + 1);
    if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65_535) {
      throw output.misuse("--master " + text + ": want a port from 1 to 65535");
    }
    return Integer.parseInt(port);
  }

  private static RankOutput prefixed(PrintWriter target) {
    return (rank, line) -> {
      synchronized (target) {
        target.println("[" + rank + "] " + line);
        target.flush();
      }
    };
  }

  private int exitCode(Optional<LocalRanks.Failure> failure) {
    if (failure.isEmpty()) {
      return ExitCode.OK;
    }
    output.err().println("fst: " + failure.get() + "; the other ranks were stopped");
    return failure.get().status() == ExitCode.USAGE ? ExitCode.USAGE : ExitCode.SOFTWARE;
  }
}
