// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli.launch;

import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.toolkit.group.Rendezvous;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;

/**
 * The ranks of a group, and where they meet.
 *
 * @param ranksHere how many ranks each host runs
 * @param nodes how many hosts there are
 * @param node this host's number, from 0
 * @param host where rank 0 listens
 * @param port the port that rank 0 listens on
 * @param token the secret that all ranks know
 * @see GroupConfig#fromEnvironment
 */
public record GroupPlan(int ranksHere, int nodes, int node, String host, int port, String token) {
  private static final int TOKEN_BYTES = 32;
  private static final Duration TELLING = Duration.ofSeconds(2);

  /** Checks the numbers. */
  public GroupPlan {
    if (ranksHere < 1 || nodes < 1 || node < 0 || node >= nodes) {
      throw new IllegalArgumentException(
          ranksHere + " ranks on node " + node + " of " + nodes + ": want at least one, from 0");
    }
    Math.multiplyExact(ranksHere, nodes);
  }

  /** Plans ranks on this host alone, which meet on a free port of the loopback interface. */
  public static GroupPlan local(int ranks, String token) throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    // Another process could take the port before rank 0 does; then the ranks say so and end.
    try (ServerSocket free = new ServerSocket(0, 1, loopback)) {
      return new GroupPlan(ranks, 1, 0, loopback.getHostAddress(), free.getLocalPort(), token);
    }
  }

  /** Makes a secret for one run. */
  public static String newToken() {
    byte[] bytes = new byte[TOKEN_BYTES];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** Returns the global rank of a rank of this host. */
  public int rank(int localRank) {
    return node * ranksHere + localRank;
  }

  /** Returns what a rank finds in its environment: torchrun's names, and the secret. */
  Map<String, String> environment(int localRank) {
    return Map.of(
        "RANK",
        Integer.toString(rank(localRank)),
        "WORLD_SIZE",
        Integer.toString(ranksHere * nodes),
        "LOCAL_RANK",
        Integer.toString(localRank),
        "LOCAL_WORLD_SIZE",
        Integer.toString(ranksHere),
        "MASTER_ADDR",
        host,
        "MASTER_PORT",
        Integer.toString(port),
        "FST_GROUP_TOKEN",
        token,
        LauncherWatch.LAUNCHER_PID,
        Long.toString(ProcessHandle.current().pid()));
  }

  /** Tells the ranks of other hosts, if they still wait for all, that one of this host is gone. */
  public void tell(LocalRanks.Failure failure) {
    if (nodes > 1) {
      Rendezvous.decline(
          GroupConfig.builder(failure.rank(), ranksHere * nodes)
              .localRank(failure.rank() - node * ranksHere)
              .host(host)
              .port(port)
              .token(token)
              .timeout(TELLING)
              .build());
    }
  }

  /** Returns all but the token. */
  @Override
  public String toString() {
    return ranksHere
        + " ranks on node "
        + node
        + " of "
        + nodes
        + ", meeting at "
        + host
        + ":"
        + port;
  }
}
