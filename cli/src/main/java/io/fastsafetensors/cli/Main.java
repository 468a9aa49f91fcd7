// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.cli.launch.LauncherWatch;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code fst}: its subcommands, streams and exit codes. */
@Command(
    name = "fst",
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    version = "fst 0.1.0-SNAPSHOT",
    usageHelpAutoWidth = true,
    description = "Loads, checks and describes safetensors files.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all went well",
      "1:a file, a device or a rank failed",
      "2:the command was called wrongly"
    },
    subcommands = {
      InspectCommand.class,
      CheckCommand.class,
      LoadCommand.class,
      DigestCommand.class,
      MakeCommand.class,
      DoctorCommand.class,
      CertifyCommand.class,
      DemoCommand.class,
      DemoRankCommand.class,
      LaunchCommand.class
    })
public final class Main implements Runnable {
  @Spec private CommandSpec spec;

  private Main() {}

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    LauncherWatch.start();
    PrintWriter out = writer(FileDescriptor.out);
    PrintWriter err = writer(FileDescriptor.err);
    System.exit(execute(commandLine().setOut(out).setErr(err), args));
  }

  /** Names of tensors are Unicode, whatever the locale is; output is flushed where it matters. */
  private static PrintWriter writer(FileDescriptor descriptor) {
    return new PrintWriter(
        new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8));
  }

  private static int execute(CommandLine commandLine, String[] args) {
    try {
      return commandLine.execute(args);
    } catch (OutOfMemoryError | InternalError e) {
      // The JDK's words for a full heap, and for a mapped file that got shorter.
      return Failures.error(e, commandLine);
    } finally {
      commandLine.getOut().flush();
      commandLine.getErr().flush();
    }
  }

  /** Makes the command with its subcommands, for one execution. */
  static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new Main());
    commandLine
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(Failures::usage)
        .setExecutionExceptionHandler(Failures::execution);
    // What follows the subcommand to launch belongs to that one.
    Objects.requireNonNull(commandLine.getSubcommands().get("launch")).setStopAtPositional(true);
    return commandLine;
  }

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Log each step, and print stack traces.")
  void setDebug(boolean debug) {
    StderrLoggerFinder.setDebug(debug);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which subcommand?");
  }
}
