// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ranks are shells here: real processes, quick to start. */
@Tag("slow")
@Timeout(60)
class LocalRanksTests {
  private static final Path SHELL = Path.of("/bin/sh");

  private final ConcurrentLinkedQueue<String> out = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<String> err = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void needsAShell() {
    assumeTrue(Files.isExecutable(SHELL), () -> "needs " + SHELL);
  }

  @Test
  void ranksFindTheirPlaceInTheEnvironment() throws Exception {
    GroupPlan plan = new GroupPlan(2, 3, 1, "example", 4711, "secret");
    String script = "echo $RANK $LOCAL_RANK $WORLD_SIZE $MASTER_ADDR $MASTER_PORT $FST_GROUP_TOKEN";
    assertThat(run(plan, script)).isEmpty();
    assertThat(out)
        .containsExactlyInAnyOrder("2:2 0 6 example 4711 secret", "3:3 1 6 example 4711 secret");
  }

  @Test
  void passesAllOutputOnByLine() throws Exception {
    String script = "i=0; while [ $i -lt 500 ]; do echo out$i; echo err$i >&2; i=$((i+1)); done";
    assertThat(run(GroupPlan.local(2, "t"), script)).isEmpty();
    assertThat(out).hasSize(1000).contains("0:out0", "1:out499");
    assertThat(err).hasSize(1000).contains("0:err0", "1:err499");
  }

  @Test
  void theFirstFailureStopsTheOthersAndIsReported() throws Exception {
    String script = "if [ $RANK = 1 ]; then echo last words; exit 3; fi; exec sleep 300";
    long start = System.nanoTime();
    List<ProcessHandle> children;
    try (LocalRanks launcher = start(GroupPlan.local(3, "t"), script)) {
      children = children();
      assertThat(launcher.await()).contains(new LocalRanks.Failure(1, 3));
    }
    assertThat(out).containsExactly("1:last words");
    assertThat(children).isNotEmpty().noneMatch(ProcessHandle::isAlive);
    assertThat(System.nanoTime() - start).isLessThan(30_000_000_000L);
  }

  @Test
  void aRankThatIgnoresTheSignalIsKilled() throws Exception {
    String script = "if [ $RANK = 0 ]; then sleep 1; exit 1; fi; trap '' TERM; sleep 300";
    try (LocalRanks launcher = start(GroupPlan.local(2, "t"), script)) {
      assertThat(launcher.await()).contains(new LocalRanks.Failure(0, 1));
    }
    assertThat(children()).isEmpty();
  }

  @Test
  void namesTheSignalThatEndedARank() throws Exception {
    Optional<LocalRanks.Failure> failure = run(GroupPlan.local(1, "t"), "kill -9 $$");
    assertThat(failure.orElseThrow()).hasToString("rank 0 was ended by signal 9");
    assertThat(new LocalRanks.Failure(4, 2)).hasToString("rank 4 failed with exit status 2");
  }

  @Test
  void closingStopsAll() throws Exception {
    LocalRanks launcher = start(GroupPlan.local(3, "t"), "exec sleep 300");
    assertThat(children()).hasSize(3);
    launcher.close();
    assertThat(children()).isEmpty();
  }

  @Test
  void leavesNothingWhenARankCanNotStart() {
    List<String> command = List.of("/no/such/command");
    assertThat(
            org.assertj.core.api.Assertions.catchThrowable(
                () -> LocalRanks.start(command, GroupPlan.local(2, "t"), this::out, this::err)))
        .isInstanceOf(IOException.class);
    assertThat(children()).isEmpty();
  }

  private Optional<LocalRanks.Failure> run(GroupPlan plan, String script) throws Exception {
    try (LocalRanks launcher = start(plan, script)) {
      return launcher.await();
    }
  }

  private LocalRanks start(GroupPlan plan, String script) throws IOException {
    List<String> command = List.of(SHELL.toString(), "-c", script);
    return LocalRanks.start(command, plan, this::out, this::err);
  }

  private void out(int rank, String line) {
    out.add(rank + ":" + line);
  }

  private void err(int rank, String line) {
    err.add(rank + ":" + line);
  }

  private static List<ProcessHandle> children() {
    return ProcessHandle.current().descendants().filter(ProcessHandle::isAlive).toList();
  }
}
