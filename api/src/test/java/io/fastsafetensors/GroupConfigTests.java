// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a process learns from the variables that launchers set; most are copied from real ones. */
class GroupConfigTests {
  private static final Map<String, String> TORCHRUN =
      Map.of(
          "RANK", "1",
          "WORLD_SIZE", "2",
          "LOCAL_RANK", "1",
          "LOCAL_WORLD_SIZE", "2",
          "MASTER_ADDR", "localhost",
          "MASTER_PORT", "37301",
          "TORCHELASTIC_RUN_ID", "17a6de35",
          "TORCHELASTIC_RESTART_COUNT", "0",
          "TORCHELASTIC_USE_AGENT_STORE", "True");

  private static final Map<String, String> SRUN =
      Map.of(
          "SLURM_PROCID", "1",
          "SLURM_STEP_NUM_TASKS", "2",
          "SLURM_LOCALID", "1",
          "SLURM_STEP_NUM_NODES", "1",
          "SLURM_JOB_ID", "12",
          "SLURM_STEP_ID", "3",
          "SLURM_STEP_NODELIST", "node[03-04]");

  private static final Map<String, String> OPEN_MPI =
      Map.of(
          "OMPI_COMM_WORLD_RANK", "1",
          "OMPI_COMM_WORLD_SIZE", "2",
          "OMPI_COMM_WORLD_LOCAL_RANK", "1",
          "OMPI_COMM_WORLD_LOCAL_SIZE", "2",
          "PMIX_RANK", "1",
          "PMIX_NAMESPACE", "1863974913");

  private static final Map<String, String> MPICH =
      Map.of("PMI_RANK", "1", "PMI_SIZE", "2", "MPI_LOCALRANKID", "1", "MPI_LOCALNRANKS", "2");

  private static final Map<String, String> BY_HAND =
      Map.of("RANK", "1", "WORLD_SIZE", "2", "MASTER_ADDR", "10.0.0.1", "MASTER_PORT", "29500");

  private static Map<String, String> with(Map<String, String> environment, String... more) {
    Map<String, String> all = new HashMap<>(environment);
    for (int i = 0; i < more.length; i += 2) {
      all.put(more[i], more[i + 1]);
    }
    return all;
  }

  private static GroupConfig config(Map<String, String> environment, String... more) {
    return GroupConfig.from(with(environment, more)).orElseThrow();
  }

  private static void assertRankOneOfTwo(GroupConfig config) {
    assertThat(config.rank()).isEqualTo(1);
    assertThat(config.size()).isEqualTo(2);
    assertThat(config.localRank()).isEqualTo(1);
  }

  private static String refusal(Map<String, String> environment, String... more) {
    try {
      return "none, but " + GroupConfig.from(with(environment, more));
    } catch (IllegalArgumentException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void ranksOfTorchrunLeaveTheAgentItsPort() {
    GroupConfig config = config(TORCHRUN);
    assertRankOneOfTwo(config);
    assertThat(config.host()).isEqualTo("127.0.0.1");
    assertThat(config.port()).isZero();
    assertThat(config.job()).contains("17a6de35", "37301");
  }

  @Test
  void theLauncherIsNamed() {
    assertThat(config(TORCHRUN).launcher()).hasValue("torchrun");
    assertThat(config(TORCHRUN, "FST_LAUNCHER_PID", "7").launcher()).hasValue("fst launch");
    assertThat(config(BY_HAND).launcher()).hasValue("environment variables");
    assertThat(config(SRUN).launcher()).hasValue("srun");
    assertThat(config(OPEN_MPI).launcher()).hasValue("Open MPI");
    assertThat(config(SRUN, "WORLD_SIZE", "1").launcher()).hasValue("srun");
    assertThat(config(Map.of("WORLD_SIZE", "1")).launcher()).hasValue("environment variables");
    assertThat(GroupConfig.builder(0, 1).job("j").build().launcher()).isEmpty();
  }

  @Test
  void whatWasFoundIsOneLine() {
    assertThat(config(BY_HAND))
        .hasToString(
            "rank 1 of 2, local rank 1, by environment variables, at 10.0.0.1:29500, for cpu");
    assertThat(config(TORCHRUN).toBuilder().device(Device.cuda(1)).build().toString())
        .startsWith("rank 1 of 2, local rank 1, by torchrun, at 127.0.0.1, job torchrun 17a6de35")
        .endsWith(", for cuda:1");
    assertThat(config(Map.of("WORLD_SIZE", "1")))
        .hasToString("rank 0 of 1, local rank 0, by environment variables, for cpu");
    GroupConfig config = config(SRUN);
    assertThat(config.toBuilder().build()).isEqualTo(config).hasSameHashCodeAs(config);
  }

  @Test
  void jobsAndAttemptsOfTorchrunAreToldApart() {
    String job = config(TORCHRUN).job();
    assertThat(config(TORCHRUN, "MASTER_PORT", "37302").job()).isNotEqualTo(job);
    assertThat(config(TORCHRUN, "TORCHELASTIC_RUN_ID", "other").job()).isNotEqualTo(job);
    assertThat(config(TORCHRUN, "TORCHELASTIC_RESTART_COUNT", "1").job()).isNotEqualTo(job);
    assertThat(config(TORCHRUN, "RANK", "0", "LOCAL_RANK", "0").job()).isEqualTo(job);
  }

  @Test
  void ranksOfTorchrunOnSeveralHostsMeetAtTheMaster() {
    GroupConfig config =
        config(TORCHRUN, "LOCAL_WORLD_SIZE", "1", "LOCAL_RANK", "0", "MASTER_ADDR", "node0");
    assertThat(config.host()).isEqualTo("node0");
    assertThat(config.port()).isZero();
    assertThat(config.localRank()).isZero();
    // Agents of several hosts don't agree about the count of restarts.
    assertThat(
            config(
                TORCHRUN,
                "LOCAL_WORLD_SIZE",
                "1",
                "MASTER_ADDR",
                "node0",
                "TORCHELASTIC_RESTART_COUNT",
                "2"))
        .extracting(GroupConfig::job)
        .isEqualTo(config.job());
  }

  @Test
  void aMasterPortThatNoAgentHoldsIsTheRanksOwn() {
    GroupConfig config = config(TORCHRUN, "TORCHELASTIC_USE_AGENT_STORE", "False");
    assertThat(config.port()).isEqualTo(37301);
    assertThat(config(BY_HAND).port()).isEqualTo(29500);
    assertThat(config(BY_HAND).host()).isEqualTo("10.0.0.1");
    assertThat(config(BY_HAND).job()).isEmpty();
  }

  @Test
  void ranksThatFstLaunchesKeepTheirPlaceInsideOfTorchrun() {
    GroupConfig config = config(TORCHRUN, "FST_LAUNCHER_PID", "7", "FST_GROUP_TOKEN", "t");
    assertThat(config.host()).isEqualTo("localhost");
    assertThat(config.port()).isEqualTo(37301);
  }

  @Test
  void tasksOfSrunOnOneHostNeedNothingMore() {
    GroupConfig config = config(SRUN);
    assertRankOneOfTwo(config);
    assertThat(config.host()).isEqualTo("127.0.0.1");
    assertThat(config.port()).isZero();
    assertThat(config.job()).isEqualTo("srun 12/3");
    assertThat(config(SRUN, "SLURM_STEP_ID", "4").job()).isEqualTo("srun 12/4");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "node03",
        "node[03-04]",
        "node[03,07-09]",
        "node03,node[07-09]",
        "node[03-04],gpu[1-2]",
      })
  void tasksOfSrunOnSeveralHostsMeetAtTheFirst(String nodes) {
    GroupConfig config =
        config(
            SRUN, "SLURM_STEP_NUM_NODES", "2", "SLURM_LOCALID", "0", "SLURM_STEP_NODELIST", nodes);
    assertThat(config.host()).isEqualTo("node03");
    assertThat(config.localRank()).isZero();
    assertThat(config.job()).isEqualTo("srun 12/3");
  }

  @Test
  void namesOfHostsMayHaveSeveralRanges() {
    assertThat(
            config(
                    SRUN,
                    "SLURM_STEP_NUM_NODES",
                    "4",
                    "SLURM_STEP_NODELIST",
                    "rack[1-2]-n[01-02,09]x,gpu1")
                .host())
        .isEqualTo("rack1-n01x");
  }

  @Test
  void aBatchScriptIsNoTask() {
    assertThat(
            GroupConfig.from(
                Map.of("SLURM_PROCID", "0", "SLURM_NTASKS", "2", "SLURM_JOB_ID", "12")))
        .isEmpty();
  }

  @Test
  void theInnerLauncherCounts() {
    // An mpiexec that starts its helpers by srun: a task a host.
    Map<String, String> helper = with(SRUN, "SLURM_STEP_NUM_TASKS", "1", "SLURM_PROCID", "0");
    assertRankOneOfTwo(config(with(helper, "SLURM_LOCALID", "0"), asArray(OPEN_MPI)));
    GroupConfig torchrun = config(with(helper, "SLURM_LOCALID", "0"), asArray(TORCHRUN));
    assertThat(torchrun.job()).startsWith("torchrun");
    // srun --mpi=pmi2 sets MPICH's names, too.
    assertThat(config(SRUN, "PMI_RANK", "1", "PMI_SIZE", "2", "PMI_JOBID", "12.3").job())
        .isEqualTo("srun 12/3");
  }

  private static String[] asArray(Map<String, String> environment) {
    return environment.entrySet().stream()
        .flatMap(entry -> Stream.of(entry.getKey(), entry.getValue()))
        .toArray(String[]::new);
  }

  @Test
  void ranksOfOpenMpiOnOneHostNeedNothingMore() {
    GroupConfig config = config(OPEN_MPI);
    assertRankOneOfTwo(config);
    assertThat(config.host()).isEqualTo("127.0.0.1");
    assertThat(config.job()).isEqualTo("Open MPI 1863974913");
  }

  @Test
  void ranksOfMpiOnSeveralHostsWantTheirMaster() {
    assertThat(refusal(OPEN_MPI, "OMPI_COMM_WORLD_LOCAL_SIZE", "1"))
        .contains("OMPI_COMM_WORLD_RANK=1", "MASTER_ADDR is not set", "WORLD_SIZE=1");
    assertThat(refusal(MPICH, "MPI_LOCALNRANKS", "1"))
        .contains("PMI_RANK=1", "MASTER_ADDR is not set");
    assertThat(refusal(MPICH, "MPI_LOCALNRANKS", "1", "MASTER_ADDR", "node0"))
        .contains("MASTER_PORT is not set");
    GroupConfig config =
        config(MPICH, "MPI_LOCALNRANKS", "1", "MASTER_ADDR", "node0", "MASTER_PORT", "29500");
    assertRankOneOfTwo(config);
    assertThat(config.host()).isEqualTo("node0");
    assertThat(config.port()).isEqualTo(29500);
  }

  @Test
  void podsOfAnIndexedJobWantTheirNumber() {
    Map<String, String> pod = Map.of("JOB_COMPLETION_INDEX", "1");
    assertThat(refusal(pod))
        .contains("JOB_COMPLETION_INDEX=1", "one of several", "WORLD_SIZE is not set", "pod 0");
    assertThat(refusal(pod, "WORLD_SIZE", "2")).contains("MASTER_ADDR is not set");
    GroupConfig config = config(pod, "WORLD_SIZE", "2", "MASTER_ADDR", "load-0.load");
    assertThat(config.rank()).isEqualTo(1);
    assertThat(config.localRank()).isZero();
    assertThat(config.host()).isEqualTo("load-0.load");
    assertThat(config.job()).isEqualTo("Kubernetes load-0.load");
    assertThat(config(pod, "WORLD_SIZE", "1").size()).isEqualTo(1);
  }

  @Test
  void whoKnowsHalfSaysSo() {
    assertThat(refusal(Map.of("WORLD_SIZE", "2"))).contains("WORLD_SIZE=2", "RANK is not set");
    assertThat(refusal(Map.of("RANK", "0"))).contains("RANK=0", "WORLD_SIZE is not set");
    assertThat(refusal(Map.of("PMIX_RANK", "0"))).contains("PMIX_RANK=0", "WORLD_SIZE is not set");
    assertThat(refusal(Map.of("PMI_RANK", "0"))).contains("PMI_RANK=0", "PMI_SIZE is not set");
    assertThat(refusal(Map.of("SLURM_PROCID", "0", "SLURM_STEP_ID", "0")))
        .contains("SLURM_PROCID=0", "SLURM_NTASKS is not set");
    assertThat(refusal(Map.of("RANK", "1", "WORLD_SIZE", "2"))).contains("MASTER_ADDR is not set");
    assertThat(refusal(Map.of("RANK", "1", "WORLD_SIZE", "2", "MASTER_ADDR", "node0")))
        .contains("MASTER_PORT is not set");
    assertThat(refusal(SRUN, "WORLD_SIZE", "4")).contains("WORLD_SIZE is 4", "started 2 ranks");
    assertThat(refusal(BY_HAND, "RANK", "2")).contains("rank 2 in a group of 2");
    assertThat(refusal(BY_HAND, "RANK", "one")).contains("RANK is 'one'");
  }

  @Test
  void aGroupOfOneNeedsNoAddress() {
    assertThat(config(Map.of("WORLD_SIZE", "1", "RANK", "0")).size()).isEqualTo(1);
    assertThat(config(Map.of("WORLD_SIZE", "1")).rank()).isZero();
    assertThat(config(Map.of("WORLD_SIZE", "1", "RANK", "1")).rank()).isZero();
    assertThat(config(SRUN, "WORLD_SIZE", "1").size()).isEqualTo(1);
    assertThat(config(Map.of("OMPI_COMM_WORLD_RANK", "0", "OMPI_COMM_WORLD_SIZE", "1")).size())
        .isEqualTo(1);
  }

  @Test
  void withoutALauncherThereIsNoGroup() {
    assertThat(GroupConfig.from(Map.of("PATH", "/bin", "WORLD_SIZE", " "))).isEmpty();
  }

  @Test
  void aTokenKeepsAnAddressThatWasGiven() {
    Map<String, String> local = with(BY_HAND, "LOCAL_WORLD_SIZE", "2", "LOCAL_RANK", "1");
    assertThat(config(local).host()).isEqualTo("127.0.0.1");
    assertThat(config(local, "FST_GROUP_TOKEN", "t").host()).isEqualTo("10.0.0.1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "soon", "1e3", "99999999999"})
  void aWrongTimeoutNamesItsVariable(String seconds) {
    assertThat(refusal(BY_HAND, "FST_GROUP_TIMEOUT", seconds))
        .startsWith(
            "group.timeout, set by environment variable FST_GROUP_TIMEOUT: '%s' is "
                .formatted(seconds))
        .contains("want");
    assertThat(config(BY_HAND, "FST_GROUP_TIMEOUT", "7").timeout())
        .isEqualTo(Duration.ofSeconds(7));
  }

  @Test
  void aPortThatFollowsFromTheJobNeedsOne() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GroupConfig.builder(0, 1).host("h").token("t").build())
        .withMessageContaining("port 0");
  }
}
