// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.NoSuchElementException;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Turns what went wrong into one line on stderr and an exit code. */
final class Failures {
  private Failures() {}

  /** Handles a command line that makes no sense. */
  static int usage(ParameterException failure, String[] args) {
    CommandLine command = failure.getCommandLine();
    String help = command.getCommandSpec().qualifiedName() + " --help";
    return report(command, failure, failure.getMessage() + " (see " + help + ")", ExitCode.USAGE);
  }

  /** Handles arguments that can't be read. */
  static int misuse(String problem, CommandLine command) {
    return report(command, new IllegalArgumentException(problem), problem, ExitCode.USAGE);
  }

  /**
   * Handles output that was lost; what went wrong before was told already.
   *
   * @return the exit code
   */
  static int ofOutput(Optional<IOException> lost, int code, CommandLine command) {
    return lost.isPresent() && code == ExitCode.OK
        ? report(
            command,
            lost.get(),
            "can't write the output: " + message(lost.get()),
            ExitCode.SOFTWARE)
        : code;
  }

  /** Handles what a command threw. */
  static int execution(Exception failure, CommandLine command, ParseResult parsed) {
    return report(command, failure, message(failure), code(failure));
  }

  /** Handles an error of the JVM that is no mistake in the program. */
  static int error(Error failure, CommandLine command) {
    return report(command, failure, failure.toString(), ExitCode.SOFTWARE);
  }

  /** Says what is probably wrong, before the command goes on. */
  static void warn(String problem, CommandLine command) {
    command.getErr().println("fst: warning: " + Printing.oneLine(problem));
    command.getErr().flush();
  }

  private static int report(CommandLine command, Throwable failure, String message, int code) {
    command.getOut().flush();
    command.getErr().println("fst: " + Printing.oneLine(message));
    if (StderrLoggerFinder.isDebug()) {
      failure.printStackTrace(command.getErr());
    }
    command.getErr().flush();
    return code;
  }

  private static int code(Throwable failure) {
    return failure instanceof IllegalArgumentException ? ExitCode.USAGE : ExitCode.SOFTWARE;
  }

  /** Says what failed in a sentence; the JDK's file exceptions hold no more than the file. */
  static String message(Throwable failure) {
    return switch (failure) {
      case NoSuchFileException e -> e.getFile() + ": no such file";
      case AccessDeniedException e -> e.getFile() + ": permission denied";
      case FileAlreadyExistsException e -> e.getFile() + ": exists already, and is no folder";
      case UncheckedIOException e when e.getCause() != null -> message(e.getCause());
      case IOException e when e.getMessage() != null -> e.getMessage();
      case IllegalArgumentException e when e.getMessage() != null -> e.getMessage();
      case NoSuchElementException e when e.getMessage() != null -> e.getMessage();
      default -> failure + " (--debug prints where)";
    };
  }
}
