// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.cli.DemoCommand.DemoRankCommand;
import io.fastsafetensors.cli.LoadArguments.RankFiles;
import io.fastsafetensors.cli.launch.LauncherWatch;
import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code fst}: its subcommands, streams and exit codes. */
@Command(
    name = "fst",
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    versionProvider = BuildVersion.class,
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
      ConvertCommand.class,
      DoctorCommand.class,
      CertifyCommand.class,
      DemoCommand.class,
      DemoRankCommand.class,
      LaunchCommand.class,
      HelpCommand.class
    })
public final class Main implements Runnable {
  @Spec private CommandSpec spec;
  @Mixin private PluginPaths plugins;

  private final PathArguments paths = new PathArguments();

  private Main() {}

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    // Digits and messages are the same everywhere; what reads them may be a program.
    Locale.setDefault(Locale.ROOT);
    LauncherWatch.start();
    CommandOutput out = new CommandOutput(FileDescriptor.out);
    CommandOutput err = new CommandOutput(FileDescriptor.err);
    CommandLine commandLine = commandLine().setOut(out.writer()).setErr(err.writer());
    int status = execute(commandLine, args);
    System.exit(Failures.ofOutput(out.failure(), status, commandLine));
  }

  private static int execute(CommandLine commandLine, String[] args) {
    try {
      return Charsets.problem(args)
          .map(problem -> Failures.misuse(problem, commandLine))
          .orElseGet(() -> commandLine.execute(args));
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
    Main main = new Main();
    CommandLine commandLine = new CommandLine(main);
    PathArguments paths = main.paths;
    commandLine
        .setCaseInsensitiveEnumValuesAllowed(true)
        .registerConverter(Path.class, paths)
        .registerConverter(RankFiles.class, text -> RankFiles.parse(text, paths))
        .setParameterExceptionHandler(main::misused)
        .setExecutionExceptionHandler(Failures::execution)
        .setExecutionStrategy(main::run);
    // What follows the subcommand to launch belongs to that one.
    Objects.requireNonNull(commandLine.getSubcommands().get("launch")).setStopAtPositional(true);
    return commandLine;
  }

  private int misused(ParameterException failure, String[] args) {
    paths.close();
    return paths
        .fault()
        .map(fault -> new ParameterException(failure.getCommandLine(), fault, failure))
        .map(fault -> Failures.usage(fault, args))
        .orElseGet(() -> Failures.usage(failure, args));
  }

  private int run(ParseResult parsed) {
    try (paths) {
      return runOrRestart(parsed);
    }
  }

  /** A subcommand that needs more plug-ins runs in a JVM that has them. */
  private int runOrRestart(ParseResult parsed) {
    ParseResult last = parsed;
    while (last.hasSubcommand()) {
      last = last.subcommand();
    }
    CommandLine command = last.commandSpec().commandLine();
    if (last.isUsageHelpRequested()) {
      return new RunLast().execute(parsed);
    }
    plugins
        .missing()
        .ifPresent(path -> {
          throw new ParameterException(command, path + ": there is no such file or folder");
        });
    boolean hasOwnJvm = command.getCommand() instanceof CertifyCommand;
    if (hasOwnJvm || plugins.areMissing()) {
      plugins.unoffered().forEach(problem -> Failures.warn(problem, command));
    }
    if (hasOwnJvm || !plugins.areMissing()) {
      if (!hasOwnJvm && !(command.getCommand() instanceof DoctorCommand)) {
        checkSettings(command);
      }
      return new RunLast().execute(parsed);
    }
    try {
      return plugins.restart(parsed.originalArgs());
    } catch (IOException | InterruptedException e) {
      throw new ExecutionException(command, "can't start another JVM", e);
    }
  }

  /** A setting that nobody knows is a mistake of whoever started the command. */
  private static void checkSettings(CommandLine command) {
    try {
      SettingFacts.read().check();
    } catch (IllegalArgumentException e) {
      throw new ExecutionException(command, String.valueOf(e.getMessage()), e);
    }
  }

  /** Returns the plug-ins that are added. */
  PluginPaths plugins() {
    return plugins;
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

  /**
   * What a JVM in a locale without a character set such as UTF-8 makes of arguments beyond ASCII:
   * it puts this character in the place of what it can't read, and can't open a file of that name.
   */
  static final class Charsets {
    private static final String REPLACEMENT = "\uFFFD";

    private Charsets() {}

    /** Says why the arguments can't be taken as they are; empty if they can. */
    static Optional<String> problem(String[] args) {
      String charset = System.getProperty("sun.jnu.encoding", "UTF-8");
      return charset.equals("UTF-8")
          ? Optional.empty()
          : Arrays.stream(args)
              .filter(argument -> argument.contains(REPLACEMENT))
              .findFirst()
              .map(argument ->
                  "argument '%s' has characters that are not in %s, the character set of this locale: set LC_ALL=C.UTF-8"
                      .formatted(argument, charset));
    }
  }
}
