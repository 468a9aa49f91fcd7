// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.cli.Converters.Timeouts;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Certifies plug-ins with the testkit, in a process that has them and the testkit. */
@Command(
    name = "certify",
    description = {
      "Tries plug-ins against the rules of docs/spi-rules.md.",
      "Prints what became of each rule as it goes, for every plug-in that is found or",
      "the one asked for, on each device that it serves; simulated devices are marked.",
      "FST_TESTKIT_FOLDER is where files are read from, FST_TESTKIT_LARGE=true tries",
      "sizes over 4 GiB too."
    },
    exitCodeList = {
      "0:none was refused, and at least one certified",
      "1:a rule is broken, or nothing could be tried here",
      "2:the command was called wrongly"
    })
final class CertifyCommand implements Callable<Integer> {
  private static final String PROGRAM =
      "io.fastsafetensors.testkit/io.fastsafetensors.testkit.certify.CertifyMain";

  /** One plug-in. */
  static final class Choice {
    @Option(names = "--backend", paramLabel = "ID", description = "The backend of this id.")
    private @Nullable String backend;

    @Option(names = "--collective", paramLabel = "ID", description = "The collective of this id.")
    private @Nullable String collective;

    @Option(names = "--device", paramLabel = "TYPE", description = "The runtimes of this type.")
    private @Nullable String device;
  }

  @ParentCommand private Main main;
  @Mixin private Output output;

  @ArgGroup(exclusive = true, multiplicity = "0..1")
  private Choice choice = new Choice();

  @Option(
      names = "--rule",
      paramLabel = "NUMBER",
      description = {
        "Try only this rule, as in IO-105, or those that begin so, as in IO-11.",
        "Repeatable."
      })
  private List<String> rules = new ArrayList<>();

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Timeouts.class,
      description = {
        "The longest that a test may take, as in 90s.",
        "Default: 30s; 10m with FST_TESTKIT_LARGE."
      })
  private @Nullable Duration timeout;

  @Option(
      names = "--max-failures",
      paramLabel = "N",
      defaultValue = "3",
      description = {
        "Leave out the rest of a plug-in after N failed tests, 10 s after the first, or",
        "when a call never ends; 0 is never. Default: 3."
      })
  private int maxFailures;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = {"Write a certificate (FILE.md) or a JUnit report (FILE.xml).", "Repeatable."})
  private List<Path> reports = new ArrayList<>();

  @Override
  public Integer call() throws IOException, InterruptedException {
    check();
    output.out().flush();
    List<String> command = main.plugins().jvm(testkit().toString());
    command.addAll(List.of("-m", PROGRAM));
    command.addAll(arguments());
    return PluginPaths.run(command);
  }

  private void check() {
    if (timeout != null && timeout.toSeconds() < 1) {
      throw output.misuse("--timeout: want a second or more");
    }
    if (maxFailures < 0) {
      throw output.misuse("--max-failures " + maxFailures + ": want 0 or more");
    }
    for (String rule : rules) {
      if (!rule.matches("(?i)(p|d|io|c)(-[0-9]{0,3})?")) {
        throw output.misuse("--rule " + rule + ": want a number as in IO-105, or its beginning");
      }
    }
    for (Path report : reports) {
      if (!report.toString().matches(".*\\.(md|xml)")) {
        throw output.misuse("--report " + report + ": want a file that ends in .md or .xml");
      }
    }
  }

  private List<String> arguments() {
    List<String> arguments = new ArrayList<>();
    add(arguments, "--backend", choice.backend);
    add(arguments, "--collective", choice.collective);
    add(arguments, "--device", choice.device);
    rules.forEach(rule -> add(arguments, "--rule", rule));
    if (timeout != null) {
      add(arguments, "--timeout", Long.toString(timeout.toSeconds()));
    }
    add(arguments, "--max-failures", Integer.toString(maxFailures));
    reports.forEach(report -> add(arguments, "--report", report.toString()));
    return arguments;
  }

  private static void add(List<String> arguments, String option, @Nullable String value) {
    if (value != null) {
      arguments.add(option);
      arguments.add(value);
    }
  }

  /** Beside the folder of the command's own jars. */
  private static Path testkit() throws IOException {
    URI here =
        URI.create(Main.class.getProtectionDomain().getCodeSource().getLocation().toString());
    Path testkit = Path.of(here).resolve("../../testkit").normalize();
    if (!Files.isDirectory(testkit)) {
      throw new IOException(testkit + ": no testkit there; build the command by ./fst");
    }
    return testkit;
  }
}
