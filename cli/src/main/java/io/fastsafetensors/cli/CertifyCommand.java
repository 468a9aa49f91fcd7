// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Certifies plug-ins with the testkit, in a process that has them and the testkit. */
@Command(
    name = "certify",
    description = {
      "Tries plug-ins against the rules of docs/spi-rules.md.",
      "Prints what became of each rule, for every plug-in that is found or the one",
      "asked for, on each device that it serves; simulated devices are marked.",
      "FST_TESTKIT_FOLDER is where files are read from, FST_TESTKIT_LARGE=true tries",
      "sizes over 4 GiB too."
    },
    exitCodeList = {
      "0:none was refused, and at least one certified",
      "1:a rule is broken, or nothing could be tried here",
      "2:the command was called wrongly"
    })
final class CertifyCommand implements Callable<Integer> {
  /** One plug-in. */
  static final class Choice {
    @Option(names = "--backend", paramLabel = "ID", description = "The backend of this id.")
    private @Nullable String backend;

    @Option(names = "--collective", paramLabel = "ID", description = "The collective of this id.")
    private @Nullable String collective;

    @Option(names = "--device", paramLabel = "TYPE", description = "The runtimes of this type.")
    private @Nullable String device;
  }

  @Mixin private Output output;

  @ArgGroup(exclusive = true, multiplicity = "0..1")
  private Choice choice = new Choice();

  @Option(
      names = {"-p", "--module-path"},
      paramLabel = "PATH",
      description = "Jars, or folders of jars, with plug-ins to add to the module path.")
  private String modulePath = "";

  @Option(
      names = {"-cp", "--class-path"},
      paramLabel = "PATH",
      description = "Jars with plug-ins that have no module descriptor.")
  private String classPath = "";

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = {"Write a certificate (FILE.md) or a JUnit report (FILE.xml).", "Repeatable."})
  private List<Path> reports = new ArrayList<>();

  @Override
  public Integer call() throws IOException, InterruptedException {
    for (Path report : reports) {
      if (!report.toString().matches(".*\\.(md|xml)")) {
        throw output.misuse("--report " + report + ": want a file that ends in .md or .xml");
      }
    }
    output.out().flush();
    return CertifyProcess.run(modulePath, classPath, arguments());
  }

  private List<String> arguments() {
    List<String> arguments = new ArrayList<>();
    add(arguments, "--backend", choice.backend);
    add(arguments, "--collective", choice.collective);
    add(arguments, "--device", choice.device);
    reports.forEach(report -> add(arguments, "--report", report.toString()));
    return arguments;
  }

  private static void add(List<String> arguments, String option, @Nullable String value) {
    if (value != null) {
      arguments.add(option);
      arguments.add(value);
    }
  }
}
