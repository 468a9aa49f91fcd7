// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.internal.engine.LogRecorder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where ranks meet: at ports that follow from a job, by names that are not there yet. */
@Tag("slow")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EndpointsTests {
  private static final Duration LONG = Duration.ofSeconds(40);
  private static final Duration SHORT = Duration.ofSeconds(1);

  /** An address for documents: nobody's. */
  private static final InetAddress FOREIGN = InetAddress.ofLiteral("192.0.2.254");

  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final InetAddress DEBIANS = InetAddress.ofLiteral("127.0.1.1");

  private final String job = "a job of tests " + UUID.randomUUID();

  private GroupConfig config(int rank, String host, int port, String job, String token) {
    return GroupConfig.builder(rank, 2)
        .host(host)
        .port(port)
        .job(job)
        .token(token)
        .timeout(LONG)
        .build();
  }

  private GroupConfig config(int rank) {
    return config(rank, "127.0.0.1", 0, job, "");
  }

  private static FutureTask<Object> start(GroupConfig config, Endpoints.Resolver resolver) {
    FutureTask<Object> task =
        new FutureTask<>(() -> {
          try (Rendezvous rendezvous = Joining.join(config, resolver)) {
            Object address = rendezvous.address(); // after the exchange the peer may be gone
            rendezvous.exchange("test", new byte[0], LONG);
            return address;
          }
        });
    Thread.ofPlatform().daemon().name("rank-" + config.rank()).start(task);
    return task;
  }

  private static FutureTask<Object> start(GroupConfig config) {
    return start(config, InetAddress::getAllByName);
  }

  private static int firstPort(GroupConfig config) {
    return new Endpoints(config, InetAddress::getAllByName).ports().getFirst();
  }

  @Test
  void aPortThatIsInUseIsPassedBy() throws Exception {
    // As torchrun's agent at MASTER_PORT, it takes connections and says nothing.
    try (ServerSocket silent = new ServerSocket(firstPort(config(0)), 9, LOOPBACK)) {
      FutureTask<Object> one = start(config(1));
      FutureTask<Object> zero = start(config(0));
      Meeting.result(zero);
      Meeting.result(one);
      assertThat(silent.isBound()).isTrue();
    }
  }

  @Test
  void ranksOfAnotherJobAreNeverMet() throws Exception {
    try (LogRecorder log = new LogRecorder(Level.FINE)) {
      int port = firstPort(config(0));
      String other = "another job";
      FutureTask<Object> otherZero = start(config(0, "127.0.0.1", port, other, ""));
      RendezvousTests.awaitListening(port);
      FutureTask<Object> one = start(config(1));
      FutureTask<Object> zero = start(config(0));
      Meeting.result(one);
      Meeting.result(zero);
      Meeting.result(start(config(1, "127.0.0.1", port, other, "")));
      Meeting.result(otherZero);
      assertThat(log.records())
          .noneMatch(entry -> Arrays.toString(entry.getParameters()).contains("job"));
    }
  }

  @Test
  void jobsTakeDifferentPorts() {
    GroupConfig other = config(0, "127.0.0.1", 0, "another job", "");
    assertThat(new Endpoints(config(0), InetAddress::getAllByName).ports())
        .hasSizeGreaterThan(4)
        .doesNotHaveDuplicates()
        .allMatch(port -> port > 1024 && port < 32_768)
        .isNotEqualTo(new Endpoints(other, InetAddress::getAllByName).ports());
  }

  @Test
  void namesMayComeLateToAllRanks() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    Endpoints.Resolver late =
        host -> {
          if (asked.incrementAndGet() < 8) {
            throw new UnknownHostException(host);
          }
          return new InetAddress[] {LOOPBACK};
        };
    FutureTask<Object> zero = start(config(0, "rank-0.later", 0, job, ""), late);
    FutureTask<Object> one = start(config(1, "rank-0.later", 0, job, ""), late);
    Meeting.result(zero);
    Meeting.result(one);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aNameThatNeverComesIsAnErrorAtTheTimeout(int rank) throws Exception {
    GroupConfig config = GroupConfig.builder(rank, 2).host("never").job(job).timeout(SHORT).build();
    CollectiveException e =
        Meeting.failure(
            start(
                config,
                host -> {
                  throw new UnknownHostException(host);
                }));
    assertThat(e).hasMessageContaining("never").hasMessageContaining("UnknownHostException");
  }

  @Test
  void rankZeroMayComeLate() throws Exception {
    CountDownLatch connected = new CountDownLatch(5);
    FutureTask<Object> one =
        start(
            config(1),
            host -> {
              connected.countDown();
              return InetAddress.getAllByName(host);
            });
    connected.await();
    Meeting.result(start(config(0)));
    Meeting.result(one);
  }

  @ParameterizedTest
  @CsvSource({"0, 192.0.2.254", "1, 192.0.2.254", "0, node0", "1, node0"})
  void withoutATokenNobodyMeetsWhereStrangersCome(int rank, String host) throws Exception {
    CollectiveException e =
        Meeting.failure(
            start(config(rank, host, 29_500, "", ""), name -> new InetAddress[] {FOREIGN}));
    assertThat(e)
        .hasMessageContaining("strangers can reach " + host)
        .hasMessageContaining("FST_GROUP_TOKEN is not set: set it to the same secret");
  }

  @Test
  void withoutATokenANameLeadsToTheLoopbackOnly() throws Exception {
    Endpoints.Resolver both = name -> new InetAddress[] {FOREIGN, LOOPBACK};
    FutureTask<Object> zero = start(config(0, "node0", 0, job, ""), both);
    FutureTask<Object> one = start(config(1, "node0", 0, job, ""), both);
    assertThat(Meeting.result(zero)).isEqualTo(LOOPBACK);
    Meeting.result(one);
  }

  @Test
  void anAddressOfAnotherHostIsNoPlaceToListen() throws Exception {
    CollectiveException e = Meeting.failure(start(config(0, "192.0.2.254", 29_500, "", "t")));
    assertThat(e).hasMessageContaining("can't listen at 192.0.2.254:29500");
  }

  /** A host's own name often leads to loopback on the host itself; others see its address. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aNameThatLeadsToNoNetworkHereIsFoundByOthers(boolean isService) throws Exception {
    InetAddress own = ownAddress();
    Endpoints.Resolver here = name -> new InetAddress[] {isService ? FOREIGN : DEBIANS};
    Endpoints.Resolver there = name -> new InetAddress[] {own};
    FutureTask<Object> zero = start(config(0, "node0", 0, job, "secret"), here);
    FutureTask<Object> one = start(config(1, "node0", 0, job, "secret"), there);
    assertThat(Meeting.result(zero)).isEqualTo(own);
    assertThat(Meeting.result(one)).isEqualTo(own);
  }

  private static InetAddress ownAddress() throws Exception {
    Optional<InetAddress> own =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
            .filter(address -> address.getAddress().length == 4)
            .findFirst();
    assumeTrue(own.isPresent(), "this host has no address but loopback");
    return own.get();
  }

  @Test
  void ofManyRefusalsOneIsAWarning() throws Exception {
    int port = firstPort(config(0));
    try (LogRecorder log = new LogRecorder(Level.WARNING)) {
      FutureTask<Object> zero = start(config(0));
      RendezvousTests.awaitListening(port);
      for (int i = 0; i < 20; i++) {
        connectAsStranger(port);
      }
      FutureTask<Object> one = start(config(1));
      Meeting.result(zero);
      Meeting.result(one);
      assertThat(log.messages()).hasSize(1).first().asString().contains("rendezvous refused");
    }
  }

  /** Says something else than a rank, and waits until that is refused. */
  private static void connectAsStranger(int port) {
    try (Socket stranger = new Socket(LOOPBACK, port)) {
      stranger.getOutputStream().write(new byte[100]);
      assertThat(stranger.getInputStream().readAllBytes()).isNotEmpty();
    } catch (IOException e) {
      assertThat(e).isInstanceOf(SocketException.class); // Or the connection was reset.
    }
  }
}
