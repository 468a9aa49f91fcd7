// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

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
}
