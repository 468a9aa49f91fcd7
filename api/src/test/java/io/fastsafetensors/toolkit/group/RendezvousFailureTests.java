// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Handshake.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What ranks learn when one of them is late or lost. */
@Tag("slow")
class RendezvousFailureTests {
  private static final Duration SHORT = Duration.ofSeconds(1);
  private static final Duration LONG = Duration.ofSeconds(40);

  @Test
  void ranksThatDoNotComeAreNamedByAllThatDo() throws Exception {
    Meeting meeting = Meeting.of(4, SHORT);
    List<FutureTask<Object>> tasks =
        List.of(
            meeting.start(meeting.config(0), Rendezvous::rank),
            meeting.start(meeting.config(1), Rendezvous::rank));
    for (FutureTask<Object> task : tasks) {
      CollectiveException e = Meeting.failure(task);
      assertThat(e.operation()).isEqualTo("join");
      assertThat(e.peer()).isEqualTo(2);
      assertThat(e).hasMessageContaining("[2, 3] did not come to 127.0.0.1:" + meeting.port());
    }
  }

  @Test
  void aRankThatWillNotComeIsToldAtOnce() throws Exception {
    Meeting meeting = Meeting.of(3, LONG);
    FutureTask<Object> zero = meeting.start(meeting.config(0), Rendezvous::rank);
    RendezvousTests.awaitListening(meeting.port());
    try (Socket one = connect(meeting, 1)) {
      Rendezvous.decline(meeting.config(2));
      CollectiveException e = Meeting.failure(zero);
      assertThat(e.peer()).isEqualTo(2);
      assertThat(e).hasMessageContaining("its launcher says that it has ended");
      assertThat(new String(one.getInputStream().readAllBytes(), UTF_8))
          .contains("its launcher says that it has ended");
    }
    Rendezvous.decline(meeting.config(2)); // Nobody hears it any more.
  }

  @Test
  void anAbsentRankZeroIsNamed() throws Exception {
    Meeting meeting = Meeting.of(2, SHORT);
    CollectiveException e = Meeting.failure(meeting.start(meeting.config(1), rendezvous -> true));
    assertThat(e.peer()).isEqualTo(0);
    assertThat(e).hasMessageContaining("can't reach rank 0 at 127.0.0.1:" + meeting.port());
  }

  @Test
  void aRankThatDoesNotComeToAnExchangeIsNamedByAll() throws Exception {
    CountDownLatch over = new CountDownLatch(2);
    List<FutureTask<Object>> tasks =
        Meeting.of(3, SHORT)
            .startAll(rendezvous -> {
              if (rendezvous.rank() == 1) {
                over.await();
                return rendezvous.exchange("late", new byte[0], LONG);
              }
              try {
                return rendezvous.exchange("early", new byte[0], SHORT);
              } finally {
                over.countDown();
              }
            });
    for (FutureTask<Object> task : tasks) {
      CollectiveException e = Meeting.failure(task);
      assertThat(e.peer()).isEqualTo(1);
      assertThat(e).hasMessageContaining("did not come within 1 s");
    }
  }

  @Test
  void aRankThatLeavesIsNamedAtOnceByThoseWhoWaitForIt() throws Exception {
    List<FutureTask<Object>> tasks =
        Meeting.of(3, LONG)
            .startAll(r -> r.rank() == 1 ? true : r.exchange("test", new byte[0], LONG));
    for (int rank : List.of(0, 2)) {
      CollectiveException e = Meeting.failure(tasks.get(rank));
      assertThat(e.peer()).isEqualTo(1);
      assertThat(e).hasMessageContaining("left the group");
    }
  }

  @Test
  void ranksInDifferentOperationsAreToldAtOnce() throws Exception {
    List<FutureTask<Object>> tasks =
        Meeting.of(2, LONG)
            .startAll(r -> r.exchange(r.rank() == 0 ? "barrier" : "split", new byte[0], LONG));
    for (FutureTask<Object> task : tasks) {
      assertThat(Meeting.failure(task)).hasMessageContaining(" where rank ");
    }
  }

  @Test
  void aRankThatClosesIsNamedByThoseInAnotherOperation() throws Exception {
    List<FutureTask<Object>> tasks =
        Meeting.of(3, LONG)
            .startAll(
                r -> r.exchange(r.rank() == 1 ? Rendezvous.CLOSE : "test", new byte[0], LONG));
    for (FutureTask<Object> task : tasks) {
      CollectiveException e = Meeting.failure(task);
      assertThat(e.peer()).isEqualTo(1);
      assertThat(e).hasMessageContaining("left the group");
    }
  }

  @Test
  void aLostRankIsNamedAtOnceByAll() throws Exception {
    Meeting meeting = Meeting.of(3, LONG);
    CountDownLatch joined = new CountDownLatch(2);
    CountDownLatch failed = new CountDownLatch(2);
    List<FutureTask<Object>> tasks =
        List.of(0, 1).stream()
            .map(rank ->
                meeting.start(
                    meeting.config(rank),
                    rendezvous -> {
                      rendezvous.onFailure(failed::countDown);
                      joined.countDown();
                      return rendezvous.exchange("test", new byte[0], LONG);
                    }))
            .toList();
    Socket lost = join(meeting, 2);
    assertThat(joined.await(30, TimeUnit.SECONDS)).isTrue();
    lost.close();
    for (FutureTask<Object> task : tasks) {
      CollectiveException e = Meeting.failure(task);
      assertThat(e.peer()).isEqualTo(2);
      assertThat(e).hasMessageContaining("its connection ended");
    }
    assertThat(failed.await(1, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aRankThatFallsSilentIsNamedByAll() throws Exception {
    Meeting meeting = Meeting.of(2, Duration.ofSeconds(2));
    FutureTask<Object> zero =
        meeting.start(meeting.config(0), r -> r.exchange("test", new byte[0], LONG));
    try (Socket silent = join(meeting, 1)) {
      CollectiveException e = Meeting.failure(zero);
      assertThat(e.peer()).isEqualTo(1);
      assertThat(e).hasMessageContaining("was not heard for 2 s");
      assertThat(silent.isClosed()).isFalse();
    }
  }

  /** Simulates a rank that joins as it should, and then does nothing more. */
  private static Socket join(Meeting meeting, int rank) throws Exception {
    Socket socket = connect(meeting, rank);
    Sockets.read(socket, 1, Deadline.after(LONG)); // All are here.
    return socket;
  }

  /** Is let in as a rank; others may be missing yet. */
  private static Socket connect(Meeting meeting, int rank) throws Exception {
    Deadline deadline = Deadline.after(LONG);
    while (true) {
      try {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), meeting.port());
        assertThat(
                new Handshake(Meeting.TOKEN, "")
                    .connect(socket, rank, meeting.size(), deadline)
                    .answer())
            .isEqualTo(Answer.WELCOME);
        return socket;
      } catch (IOException e) {
        Thread.sleep(10);
      }
    }
  }

  @Test
  void whoIsLateBecauseItWaitsItselfIsNotBlamed() throws Exception {
    CountDownLatch over = new CountDownLatch(3);
    List<FutureTask<Object>> tasks =
        Meeting.of(4, SHORT)
            .startAll(rendezvous -> {
              if (rendezvous.rank() == 1) {
                over.await();
                return true;
              }
              // 3 waits for 2, 2 waits for 1, and 0 for 3, which comes first to its end.
              int peer = rendezvous.rank() == 0 ? 3 : rendezvous.rank() - 1;
              Thread.sleep(rendezvous.rank() == 0 ? 0 : 300);
              try {
                rendezvous.await("test", peer, RendezvousFailureTests::pause);
                return true;
              } finally {
                over.countDown();
              }
            });
    for (int rank : List.of(0, 2, 3)) {
      CollectiveException e = Meeting.failure(tasks.get(rank));
      assertThat(e.peer()).isEqualTo(1);
      assertThat(e).hasMessageContaining("is late in test: nothing for 1 s");
    }
  }

  private static boolean pause(Duration slice) throws InterruptedException {
    Thread.sleep(slice);
    return false;
  }

  @Test
  void aRankThatCannotGoOnTellsAll() throws Exception {
    List<FutureTask<Object>> tasks =
        Meeting.of(3, LONG)
            .startAll(rendezvous -> {
              rendezvous.await(
                  "test",
                  rendezvous.rank() == 2 ? 1 : 2,
                  slice -> {
                    if (rendezvous.rank() == 2) {
                      throw new LoadException("the device broke");
                    }
                    return pause(slice);
                  });
              return true;
            });
    for (FutureTask<Object> task : tasks) {
      CollectiveException e = Meeting.failure(task);
      assertThat(e.peer()).isEqualTo(2);
      assertThat(e).hasMessageContaining("failed: the device broke");
    }
  }

  @Test
  void aFailureElsewhereEndsAPartOfTheGroupToo() throws Exception {
    Meeting meeting = Meeting.of(3, LONG);
    List<FutureTask<Object>> tasks =
        meeting.startAll(whole -> {
          Rendezvous part = whole.split(whole.rank() == 1 ? 1 : 0, 0);
          if (whole.rank() == 1) {
            throw part.fail("test", "broken", null);
          }
          part.await("test", 1 - part.rank(), RendezvousFailureTests::pause);
          return true;
        });
    CollectiveException e = Meeting.failure(tasks.get(2));
    assertThat(e.rank()).isEqualTo(1);
    assertThat(e.peer()).isEqualTo(CollectiveException.NO_PEER);
    assertThat(e).hasMessageContaining("rank 1 of the whole group: failed: broken");
  }
}
