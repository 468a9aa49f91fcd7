// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who connects without the token is sent away, and the ranks start all the same. */
@Timeout(240)
class StrangersTests {
  private static final int SECONDS = 30;

  @Test
  void areRefusedAndDisturbNothing() throws Exception {
    Collectives.assumeAny();
    try (RankGroup group = RankGroup.of(2, Duration.ofSeconds(SECONDS))) {
      RankProcess first = group.add(List.of(), "broadcast", "100", "-1");
      try (Socket silent = connect(group.port());
          Socket stranger = connect(group.port())) {
        stranger.getOutputStream().write(new byte[200]);
        assertThat(isSentAway(stranger)).isTrue();
        group.add(List.of(), "broadcast", "100", "-1");
        group.awaitAll("joined");
        assertThat(silent.isClosed()).isFalse();
      }
      group.goAll();
      group.awaitAll("has all");
      group.goAll();
      for (RankProcess rank : group.all()) {
        rank.endsWell();
      }
      assertThat(first.complaints()).anyMatch(line -> line.contains("refused /127.0.0.1:"));
      assertThat(group.rank(1).complaints()).isEmpty();
    }
  }

  /** Connects as soon as rank 0 listens. */
  private static Socket connect(int port) throws Exception {
    for (int attempt = 0; ; attempt++) {
      try {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(SECONDS * 1_000);
        return socket;
      } catch (SocketException e) {
        if (attempt == SECONDS * 20) {
          throw e;
        }
        Thread.sleep(50);
      }
    }
  }

  private static boolean isSentAway(Socket socket) throws Exception {
    try (InputStream in = socket.getInputStream()) {
      while (in.read() >= 0) {
        // Its greeting.
      }
      return true;
    } catch (SocketException e) {
      return true;
    }
  }
}
