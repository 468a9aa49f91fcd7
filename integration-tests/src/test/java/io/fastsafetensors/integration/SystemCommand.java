// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import java.io.IOException;

/** Commands of the system, such as {@code mount}, whose output nobody needs. */
public final class SystemCommand {
  private SystemCommand() {}

  /** Runs one; blocks until it ends, and returns its exit status. */
  public static int run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }
}
