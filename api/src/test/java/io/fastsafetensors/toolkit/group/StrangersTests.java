// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.CollectiveException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** Who does not belong to a group can't join it, and can't disturb its start. */
class StrangersTests {
  private static final Duration SHORT = Duration.ofSeconds(1);
  private static final Duration LONG = Duration.ofSeconds(40);

  @Test
  void aWrongTokenIsRefusedAndTheGroupStartsAllTheSame() throws Exception {
    Meeting meeting = Meeting.of(2, LONG);
    FutureTask<Object> zero = meeting.start(meeting.config(0), Rendezvous::rank);
    CollectiveException e =
        Meeting.failure(meeting.start(meeting.config(1, 2, "guess"), Rendezvous::rank));
    assertThat(e.peer()).isEqualTo(0);
    assertThat(e)
        .hasMessageContaining("FST_GROUP_TOKEN")
        .hasMessageNotContaining("guess")
        .hasMessageNotContaining(Meeting.TOKEN);
    FutureTask<Object> one = meeting.start(meeting.config(1), Rendezvous::rank);
    assertThat(Meeting.result(one)).isEqualTo(1);
    assertThat(Meeting.result(zero)).isEqualTo(0);
  }

  @Test
  void whoWasRefusedIsNamedWhenARankIsMissing() throws Exception {
    Meeting meeting = Meeting.of(2, SHORT);
    FutureTask<Object> zero = meeting.start(meeting.config(0), Rendezvous::rank);
    Meeting.failure(meeting.start(meeting.config(1, 2, "guess"), Rendezvous::rank));
    assertThat(Meeting.failure(zero)).hasMessageContaining("WRONG_TOKEN");
  }

  @Test
  void anEmptyTokenLetsRanksWithoutOneMeet() throws Exception {
    Meeting meeting = Meeting.of(2, LONG);
    FutureTask<Object> zero = meeting.start(meeting.config(0, 2, ""), Rendezvous::rank);
    FutureTask<Object> one = meeting.start(meeting.config(1, 2, ""), Rendezvous::rank);
    assertThat(Meeting.result(zero)).isEqualTo(0);
    assertThat(Meeting.result(one)).isEqualTo(1);
  }

  @Test
  void ranksThatDisagreeAboutTheSizeAreTold() throws Exception {
    Meeting meeting = Meeting.of(2, SHORT);
    FutureTask<Object> zero = meeting.start(meeting.config(0), Rendezvous::rank);
    FutureTask<Object> one = meeting.start(meeting.config(1, 3, Meeting.TOKEN), Rendezvous::rank);
    assertThat(Meeting.failure(one)).hasMessageContaining("it has 2 ranks, this one 3");
    assertThat(Meeting.failure(zero)).hasMessageContaining("WRONG_SIZE");
  }

  @Test
  void aSecondRankOfTheSameNumberIsRefused() throws Exception {
    Meeting meeting = Meeting.of(3, SHORT);
    FutureTask<Object> zero = meeting.start(meeting.config(0), Rendezvous::rank);
    FutureTask<Object> first = meeting.start(meeting.config(1), Rendezvous::rank);
    Thread.sleep(300);
    FutureTask<Object> second = meeting.start(meeting.config(1), Rendezvous::rank);
    assertThat(Meeting.failure(second)).hasMessageContaining("there is another rank 1 already");
    assertThat(Meeting.failure(first).peer()).isEqualTo(2);
    assertThat(Meeting.failure(zero).peer()).isEqualTo(2);
  }

  @Test
  void garbageAndSilenceDoNotDisturbTheStart() throws Exception {
    Meeting meeting = Meeting.of(3, LONG);
    FutureTask<Object> zero = meeting.start(meeting.config(0), Rendezvous::rank);
    RendezvousTests.awaitListening(meeting.port());
    List<Socket> strangers = new ArrayList<>();
    try {
      Random random = new Random(1);
      for (int i = 0; i < 200; i++) {
        strangers.add(disturb(meeting.port(), i, random));
      }
      FutureTask<Object> one = meeting.start(meeting.config(1), Rendezvous::rank);
      FutureTask<Object> two = meeting.start(meeting.config(2), Rendezvous::rank);
      assertThat(Meeting.result(one)).isEqualTo(1);
      assertThat(Meeting.result(two)).isEqualTo(2);
      assertThat(Meeting.result(zero)).isEqualTo(0);
    } finally {
      strangers.forEach(Sockets::closeQuietly);
    }
  }

  /** Connects and says nothing, or something else, or something at random. */
  private static Socket disturb(int port, int number, Random random) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    byte[] garbage = new byte[random.nextInt(300)];
    random.nextBytes(garbage);
    try {
      switch (number % 3) {
        case 0 -> {}
        case 1 ->
            socket
                .getOutputStream()
                .write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        default -> socket.getOutputStream().write(garbage);
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("roken pipe"); // It was thrown out already.
    }
    return socket;
  }

  @Test
  void theTokenIsNeverSent() throws Exception {
    Meeting meeting = Meeting.of(2, LONG);
    FutureTask<Object> zero = meeting.start(meeting.config(0), Rendezvous::rank);
    RendezvousTests.awaitListening(meeting.port());
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    try (ServerSocket tap = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> listen(tap, meeting.port(), received));
      Meeting tapped = new Meeting(2, tap.getLocalPort(), LONG);
      FutureTask<Object> one = tapped.start(tapped.config(1), Rendezvous::rank);
      assertThat(Meeting.result(one)).isEqualTo(1);
      assertThat(Meeting.result(zero)).isEqualTo(0);
    }
    String all = received.toString(StandardCharsets.ISO_8859_1);
    assertThat(all).hasSizeGreaterThan(100).doesNotContain(Meeting.TOKEN);
  }

  /** Passes on what two sides say, and writes it down. */
  private static void listen(ServerSocket tap, int port, ByteArrayOutputStream received) {
    try (Socket one = tap.accept();
        Socket zero = new Socket(InetAddress.getLoopbackAddress(), port)) {
      Thread back = Thread.ofVirtual().start(() -> pass(zero, one, received));
      pass(one, zero, received);
      back.join();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void pass(Socket from, Socket to, ByteArrayOutputStream received) {
    byte[] bytes = new byte[4096];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
        received.write(bytes, 0, read);
        out.write(bytes, 0, read);
      }
      to.shutdownOutput();
    } catch (IOException e) {
      // A side is gone: so is the other, soon.
    }
  }
}
