// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What ranks say to each other when all goes well. */
class RendezvousTests {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void everyRankLearnsEveryMessage(int size) throws Exception {
    Meeting.of(size, TIMEOUT)
        .runAll(rendezvous -> {
          assertThat(rendezvous.size()).isEqualTo(size);
          for (int i = 0; i < 100; i++) {
            List<byte[]> all = rendezvous.exchange("test", message(i, rendezvous.rank()), TIMEOUT);
            for (int rank = 0; rank < size; rank++) {
              assertThat(all.get(rank)).isEqualTo(message(i, rank));
            }
            Arrays.fill(all.getFirst(), (byte) 0); // Nobody else sees this.
          }
          return true;
        });
  }

  private static byte[] message(int number, int rank) {
    return ("message " + number + " of " + rank).getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void messagesMayBeLargeAndEmpty() throws Exception {
    Meeting.of(3, TIMEOUT)
        .runAll(rendezvous -> {
          byte[] mine = new byte[rendezvous.rank() * 20_000_000];
          Arrays.fill(mine, (byte) rendezvous.rank());
          List<byte[]> all = rendezvous.exchange("test", mine, TIMEOUT);
          for (int rank = 0; rank < 3; rank++) {
            byte[] expected = new byte[rank * 20_000_000];
            Arrays.fill(expected, (byte) rank);
            assertThat(Arrays.equals(all.get(rank), expected)).isTrue();
          }
          return true;
        });
  }

  @Test
  void partsOfAGroupExchangeAmongThemselves() throws Exception {
    Meeting.of(5, TIMEOUT)
        .runAll(whole -> {
          boolean even = whole.rank() % 2 == 0;
          Rendezvous part = whole.split(even ? 7 : -7, -whole.rank());
          assertThat(part.size()).isEqualTo(even ? 3 : 2);
          assertThat(part.rank()).isEqualTo((4 - whole.rank()) / 2);
          byte[] mine = {(byte) whole.rank()};
          for (int i = 0; i < 20; i++) {
            assertThat(part.exchange("test", mine, TIMEOUT))
                .containsExactlyElementsOf(
                    even
                        ? List.of(new byte[] {4}, new byte[] {2}, new byte[] {0})
                        : List.of(new byte[] {3}, new byte[] {1}));
          }
          Rendezvous alone = part.split(part.rank(), 0);
          assertThat(alone.exchange("test", mine, TIMEOUT)).containsExactly(mine);
          part.close();
          return whole.exchange("test", mine, TIMEOUT);
        });
  }

  @Test
  void rankZeroMayComeLast() throws Exception {
    Meeting meeting = Meeting.of(3, TIMEOUT);
    FutureTask<Object> one = meeting.start(meeting.config(1), Rendezvous::rank);
    FutureTask<Object> two = meeting.start(meeting.config(2), Rendezvous::rank);
    Thread.sleep(300);
    FutureTask<Object> zero = meeting.start(meeting.config(0), Rendezvous::rank);
    assertThat(Meeting.result(zero)).isEqualTo(0);
    assertThat(Meeting.result(one)).isEqualTo(1);
    assertThat(Meeting.result(two)).isEqualTo(2);
  }

  @Test
  void rankZeroListensAtItsAddressOnlyAndOnlyUntilAllAreHere() throws Exception {
    Meeting meeting = Meeting.of(2, TIMEOUT);
    FutureTask<Object> zero =
        meeting.start(meeting.config(0), r -> r.exchange("test", new byte[0], TIMEOUT));
    awaitListening(meeting.port());
    assertThatThrownBy(() ->
            new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 2}), meeting.port()).close())
        .isInstanceOf(ConnectException.class);
    FutureTask<Object> one =
        meeting.start(
            meeting.config(1),
            rendezvous -> {
              rendezvous.exchange("test", new byte[0], TIMEOUT);
              assertThatThrownBy(
                      () -> new Socket(InetAddress.getLoopbackAddress(), meeting.port()).close())
                  .isInstanceOf(ConnectException.class);
              return rendezvous.address().getHostAddress();
            });
    assertThat(Meeting.result(one)).isEqualTo("127.0.0.1");
    Meeting.result(zero);
  }

  static void awaitListening(int port) throws InterruptedException {
    while (true) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        assertThat(socket.isConnected()).isTrue();
        return;
      } catch (IOException e) {
        Thread.sleep(10);
      }
    }
  }

  @Test
  void nothingIsLeftBehind() throws Exception {
    Meeting.of(3, TIMEOUT).runAll(Rendezvous::rank);
    long before = sockets();
    for (int i = 0; i < 5; i++) {
      Meeting.of(4, TIMEOUT).runAll(r -> r.exchange("test", new byte[1], TIMEOUT));
    }
    assertThat(sockets()).isLessThanOrEqualTo(before); // of other tests some may end meanwhile
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().contains("rendezvous"));
  }

  private static long sockets() throws IOException {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors.filter(RendezvousTests::isSocket).count();
    }
  }

  private static boolean isSocket(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
    } catch (IOException e) {
      return false; // It was closed meanwhile.
    }
  }
}
