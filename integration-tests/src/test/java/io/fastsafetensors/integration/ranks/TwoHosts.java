// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Two network hosts on this machine, made by the script {@code two-hosts}.
 *
 * @param name tells them from those of other tests
 */
record TwoHosts(String name) {
  static final String FIRST_ADDRESS = "10.231.7.1";

  private static final Path SCRIPT = Path.of("src", "test", "sh", "two-hosts").toAbsolutePath();

  /**
   * What a run of the script gave.
   *
   * @param status its exit status
   * @param output what it printed
   */
  private record Run(int status, String output) {}

  /** Makes the hosts; skips the test, saying why, where that is not possible. */
  static TwoHosts up() throws IOException, InterruptedException {
    TwoHosts hosts = new TwoHosts("fst" + ProcessHandle.current().pid());
    assumeTrue(hosts.run("id", "-u").output().equals("0"), "two hosts need root");
    Run up = hosts.script("up");
    assumeTrue(up.status() == 0, () -> "two hosts need network namespaces: " + up.output());
    return hosts;
  }

  /** Returns what to put before a command so that it runs on a host. */
  List<String> on(char host) {
    return List.of("ip", "netns", "exec", name + "-" + host);
  }

  /** Pulls the cable between them. */
  void cut() throws IOException, InterruptedException {
    assertThat(script("cut").status()).isZero();
  }

  private Run script(String command) throws IOException, InterruptedException {
    return run(SCRIPT.toString(), command, name);
  }

  private Run run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new Run(process.exitValue(), output);
  }

  /** Lists processes that still run on them. */
  String processes() throws IOException, InterruptedException {
    return run("sh", "-c", "for h in a b; do ip netns pids " + name + "-$h; done").output();
  }

  /** Removes them with all that runs on them; fails if something is left. */
  void remove() throws IOException, InterruptedException {
    Run down = script("down");
    assertThat(down.status()).as(down.output()).isZero();
    assertThat(script("left").output()).isEmpty();
  }
}
