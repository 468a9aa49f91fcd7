// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.cli.Main;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Ranks on two hosts, two on each: they work together, and notice what they lose. */
@Tag("slow")
@Tag("root")
@Timeout(240)
class TwoHostsTests {
  private static final int PORT = 29_500;
  private static final int ROWS = 5;
  private static final int ROW_BYTES = 1_000;
  private static final Duration TIMEOUT = Duration.ofSeconds(16);

  @TempDir private Path folder;
  private TwoHosts hosts;

  @BeforeEach
  void makeHosts() throws Exception {
    Collectives.assumeAny();
    hosts = TwoHosts.up();
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    if (hosts != null) {
      hosts.remove();
    }
  }

  @Test
  void launchedRanksLoadAndShard() throws Exception {
    byte[] bytes = new byte[ROWS * ROW_BYTES];
    new Random(1).nextBytes(bytes);
    Path file = folder.resolve("w.safetensors");
    new SafetensorsWriter()
        .add("w", DType.U8, Shape.of(ROWS, ROW_BYTES), MemorySegment.ofArray(bytes))
        .write(file);
    try (RankProcess first = launch('a', 0, file);
        RankProcess second = launch('b', 1, file)) {
      List<String> printed = new ArrayList<>(first.endsWell());
      printed.addAll(second.endsWell());
      // Five rows for four ranks are 2, 2, 1, 0.
      assertThat(printed)
          .containsExactlyInAnyOrder(
              line(0, 2, Arrays.copyOf(bytes, 2 * ROW_BYTES)),
              line(1, 2, Arrays.copyOfRange(bytes, 2 * ROW_BYTES, 4 * ROW_BYTES)),
              line(2, 1, Arrays.copyOfRange(bytes, 4 * ROW_BYTES, 5 * ROW_BYTES)),
              line(3, 0, new byte[0]));
      assertThat(first.complaints()).isEmpty();
      assertThat(second.complaints()).isEmpty();
    }
    assertThat(hosts.processes()).isEmpty();
  }

  private RankProcess launch(char host, int node, Path file) throws IOException {
    List<String> command = new ArrayList<>(hosts.on(host));
    command.addAll(RankGroup.java(Main.class));
    command.addAll(List.of("launch", "-n", "2", "--nnodes", "2", "--node-rank", "" + node));
    command.addAll(List.of("--master", TwoHosts.FIRST_ADDRESS + ":" + PORT, "--", "digest"));
    command.addAll(List.of("--rank-files", "2=" + file, "--shard", "w=0"));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(Map.of("FST_GROUP_TOKEN", "secret"));
    return new RankProcess("host " + host, builder);
  }

  private static String line(int rank, int rows, byte[] bytes) throws Exception {
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    return "[%d] %s  U8  [%d, %d]  w".formatted(rank, digest, rows, ROW_BYTES);
  }

  @Test
  void aCutCableIsNoticedOnBothSides() throws Exception {
    try (RankGroup group = startHalting(2)) {
      group.rank(2).await("halfway");
      group.losesNow();
      hosts.cut();
      group.rank(2).go();
      group.failNaming(Map.of(0, Set.of(2, 3), 1, Set.of(2, 3), 2, Set.of(0), 3, Set.of(0)));
    }
    assertThat(hosts.processes()).isEmpty();
  }

  @Test
  void aRankKilledOnTheOtherHostIsNamed() throws Exception {
    try (RankGroup group = startHalting(3)) {
      group.rank(3).await("halfway");
      group.kill(3);
      group.survivorsName(3);
    }
    assertThat(hosts.processes()).isEmpty();
  }

  /** Starts a broadcast of 1 GiB in which a rank stops after its first chunk. */
  private RankGroup startHalting(int rank) throws Exception {
    RankGroup group = RankGroup.at(TwoHosts.FIRST_ADDRESS, PORT, 4, TIMEOUT);
    try {
      for (char host : new char[] {'a', 'a', 'b', 'b'}) {
        group.add(hosts.on(host), "broadcast", Long.toString(1L << 30), Integer.toString(rank));
      }
      group.awaitAll("joined");
      group.goAll();
      return group;
    } catch (Exception | Error e) {
      group.close();
      throw e;
    }
  }
}
