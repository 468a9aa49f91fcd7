// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.text.MessageFormat;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/**
 * Sends the library's logs to stderr: warnings always, the steps with {@code --debug}.
 *
 * <p>Our own finder and not {@code java.util.logging}, because it starts at once and nothing but
 * the option decides what is shown.
 */
public final class StderrLoggerFinder extends System.LoggerFinder {
  private static volatile boolean debug;

  /** Made by the JDK, as a service. */
  public StderrLoggerFinder() {}

  static void setDebug(boolean debug) {
    StderrLoggerFinder.debug = debug;
  }

  static boolean isDebug() {
    return debug;
  }

  @Override
  public System.Logger getLogger(String name, Module module) {
    return new StderrLogger(name);
  }

  /** Prints {@code [DEBUG] name: message}, as the original's debug log does. */
  record StderrLogger(String name) implements System.Logger {
    private static final String OURS = "io.fastsafetensors.";

    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isLoggable(Level level) {
      Level threshold =
          StderrLoggerFinder.isDebug() && name.startsWith(OURS) ? Level.DEBUG : Level.WARNING;
      return level.getSeverity() >= threshold.getSeverity() && level != Level.OFF;
    }

    @Override
    public void log(
        Level level, @Nullable ResourceBundle bundle, String message, @Nullable Throwable thrown) {
      if (isLoggable(level)) {
        System.err.println(line(level, message));
        if (thrown != null && StderrLoggerFinder.isDebug()) {
          thrown.printStackTrace();
        }
      }
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        String format,
        Object @Nullable ... arguments) {
      if (isLoggable(level)) {
        boolean plain = arguments == null || arguments.length == 0;
        System.err.println(line(level, plain ? format : MessageFormat.format(format, arguments)));
      }
    }

    private String line(Level level, String message) {
      String source = name.substring(name.lastIndexOf('.') + 1);
      return "[" + level + "] " + source + ": " + Printing.oneLine(message);
    }
  }
}
