// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.blame;

import java.util.Arrays;

/** Finds the line of code that is to blame: the innermost that is not the JDK's. */
public final class Blame {
  private static final String JDK = "(java|javax|jdk|sun|com\\.sun)\\..*";

  private Blame() {}

  /** Says what was thrown, and by which line. */
  public static String of(Throwable thrown) {
    return thrown + ", at " + at(thrown.getStackTrace());
  }

  /** Returns the line of a stack that is to blame. */
  public static String at(StackTraceElement... stack) {
    return Arrays.stream(stack)
        .filter(frame -> !frame.getClassName().matches(JDK))
        .findFirst()
        .map(Blame::text)
        .orElse("no line of code outside the JDK");
  }

  private static String text(StackTraceElement frame) {
    return "%s.%s(%s:%s)"
        .formatted(
            frame.getClassName(),
            frame.getMethodName(),
            frame.getFileName(),
            frame.getLineNumber());
  }
}
