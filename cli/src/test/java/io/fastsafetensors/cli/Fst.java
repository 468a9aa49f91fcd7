// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Collections;
import java.util.List;
import java.util.StringTokenizer;
import java.util.regex.Pattern;

/**
 * One run of the command in this process.
 *
 * @param exit its exit code
 * @param out what it printed
 * @param err what it printed to stderr, but for heartbeats: a busy machine may come to one
 */
record Fst(int exit, String out, String err) {
  /** What a load says every ten seconds; that of a rank has a prefix. */
  private static final Pattern HEARTBEAT =
      Pattern.compile("(?m)^(\\[\\d+] )?fst: \\w+: (nothing read yet|.* GB/s, .*\\bleft.*)\\R");

  Fst {
    err = HEARTBEAT.matcher(err).replaceAll("");
  }

  static Fst run(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Main.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(List.of(arguments).stream().map(Object::toString).toArray(String[]::new));
    return new Fst(exit, out.toString(), err.toString());
  }

  /** Runs it with the words of a line. */
  static Fst runLine(String line) {
    return run(Collections.list(new StringTokenizer(line)).toArray());
  }

  List<String> outLines() {
    return out.lines().toList();
  }

  List<String> errLines() {
    return err.lines().toList();
  }
}
