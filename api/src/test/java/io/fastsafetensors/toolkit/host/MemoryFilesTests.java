// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.toolkit.host.MemoryLimit.Kind;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What limits there are, as containers and schedulers set them. */
class MemoryFilesTests {
  private static final String MACHINE = "the machine's memory (/proc/meminfo): 900 of 1000";
  private static final String V1 = "sys/fs/cgroup/memory";
  private static final String V2 = "sys/fs/cgroup";
  private static final String V1_MOUNT =
      "36 32 0:33 %s /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory";
  private static final String V2_MOUNT =
      "30 23 0:27 %s /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";

  @TempDir Path folder;
  private FakeHost host;

  @BeforeEach
  void makeMachine() throws IOException {
    host = new FakeHost(folder);
  }

  @Test
  void machineWithoutGroups() {
    assertThat(host.limits()).containsExactly(MACHINE);
  }

  @Test
  void dockerWithVersion2ShowsItsGroupAsTheRoot() throws IOException {
    host.groups("0::/").mounts(V2_MOUNT.formatted("/")).unified(V2, "400", 100);
    assertThat(host.limits())
        .containsExactly(
            MACHINE, "memory.max of control group / (/sys/fs/cgroup/memory.max): 300 of 400");
  }

  @Test
  void dockerWithTheHostsNamespace() throws IOException {
    String scope = "/system.slice/docker-4f5e.scope";
    host.groups("0::" + scope)
        .mounts(V2_MOUNT.formatted("/"))
        .unified(V2 + scope, "400", 100)
        .unified(V2 + "/system.slice", "max", 500);
    assertThat(host.limits())
        .containsExactly(
            MACHINE,
            "memory.max of control group %1$s (/sys/fs/cgroup%1$s/memory.max): 300 of 400"
                .formatted(scope));
  }

  @Test
  void dockerWithVersion1ShowsTheHostsNameAndItsOwnGroupAsTheMount() throws IOException {
    host.groups("12:cpu,cpuacct:/docker/4f5e", "9:memory:/docker/4f5e", "0::/docker/4f5e")
        .mounts(V1_MOUNT.formatted("/docker/4f5e"))
        .legacy(V1, "500", 200);
    assertThat(host.limits())
        .containsExactly(
            MACHINE,
            "memory.limit_in_bytes of control group /docker/4f5e"
                + " (/sys/fs/cgroup/memory/memory.limit_in_bytes): 300 of 500");
  }

  @Test
  void kubernetesWithVersion1HidesThePodsLimitInTheStatistics() throws IOException {
    String group = "/kubepods/burstable/pod12/4f5e";
    host.groups("9:memory:" + group)
        .mounts(V1_MOUNT.formatted(group))
        .legacy(V1, "max", 200, "hierarchical_memory_limit " + FakeHost.bytes("600"));
    assertThat(host.limits())
        .containsExactly(
            MACHINE,
            "memory.stat of control group %s (/sys/fs/cgroup/memory/memory.stat): 400 of 600"
                .formatted(group));
  }

  @Test
  void kubernetesWithVersion2AndTheHostsNamespace() throws IOException {
    String pod = "/kubepods.slice/kubepods-pod12.slice";
    String container = pod + "/cri-containerd-4f5e.scope";
    host.groups("0::" + container)
        .mounts(V2_MOUNT.formatted("/"))
        .unified(V2 + container, "800", 100)
        .unified(V2 + pod, "700", 300);
    assertThat(host.limits())
        .contains(
            "memory.max of control group %1$s (/sys/fs/cgroup%1$s/memory.max): 700 of 800"
                .formatted(container),
            "memory.max of control group %1$s (/sys/fs/cgroup%1$s/memory.max): 400 of 700"
                .formatted(pod));
  }

  @Test
  void slurmWithVersion1LimitsTheJobNotTheTask() throws IOException {
    String job = "/slurm/uid_1000/job_5";
    host.groups("4:memory:" + job + "/step_0/task_0")
        .mounts(V1_MOUNT.formatted("/"))
        .legacy(V1 + job + "/step_0/task_0", "max", 10)
        .legacy(V1 + job + "/step_0", "max", 20)
        .legacy(V1 + job, "300", 50)
        .legacy(V1, "max", 600, "hierarchical_memory_limit 9223372036854771712");
    assertThat(host.limits())
        .containsExactly(
            MACHINE,
            "memory.limit_in_bytes of control group %1$s".formatted(job)
                + " (/sys/fs/cgroup/memory%s/memory.limit_in_bytes): 250 of 300".formatted(job));
  }

  @Test
  void slurmWithVersion2LimitsAboveWhereTheTaskHasNoFiles() throws IOException {
    String job = "/system.slice/slurmstepd.scope/job_5";
    host.groups("0::" + job + "/step_0/user/task_0")
        .mounts(V2_MOUNT.formatted("/"))
        .file(V2 + job + "/step_0/user/task_0/cgroup.procs", "1")
        .unified(V2 + job + "/step_0/user", "max", 10)
        .unified(V2 + job + "/step_0", "350", 20)
        .unified(V2 + job, "300", 50);
    assertThat(host.limits())
        .containsExactly(
            MACHINE,
            "memory.max of control group %1$s/step_0 (/sys/fs/cgroup%1$s/step_0/memory.max): 330 of 350"
                .formatted(job),
            "memory.max of control group %1$s (/sys/fs/cgroup%1$s/memory.max): 250 of 300"
                .formatted(job));
  }

  @Test
  void systemdServiceBelowASliceThatIsSlowedDown() throws IOException {
    String service = "/user.slice/user-1000.slice/user@1000.service/app.slice/run-7.scope";
    host.groups("0::" + service)
        .mounts(V2_MOUNT.formatted("/"))
        .unified(V2 + service, "max", 100)
        .unified(V2 + "/user.slice", "600", 250)
        .file(V2 + "/user.slice/memory.high", FakeHost.bytes("450"));
    assertThat(host.limits())
        .contains(
            "memory.max of control group /user.slice (/sys/fs/cgroup/user.slice/memory.max):"
                + " 350 of 600",
            "memory.high of control group /user.slice (/sys/fs/cgroup/user.slice/memory.high):"
                + " 200 of 450");
  }

  @Test
  void hybridHasMemoryInVersion1() throws IOException {
    host.groups("4:memory:/a", "1:name=systemd:/a", "0::/a")
        .mounts(
            V1_MOUNT.formatted("/"), "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw")
        .legacy(V1 + "/a", "400", 100)
        .file("sys/fs/cgroup/unified/a/cgroup.procs", "1");
    assertThat(host.limits()).hasSize(2).last().asString().endsWith("300 of 400");
  }

  @Test
  void hybridMayHaveMemoryInVersion2() throws IOException {
    host.groups("4:cpu:/a", "0::/a")
        .mounts("41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw")
        .unified("sys/fs/cgroup/unified/a", "400", 100);
    assertThat(host.limits()).hasSize(2).last().asString().endsWith("300 of 400");
  }

  @Test
  void placesOtherThanTheUsual() throws IOException {
    host.groups("0::/a b")
        .mounts("30 23 0:27 / /mnt/my\\040groups rw - cgroup2 none rw")
        .unified("mnt/my groups/a b", "400", 100);
    assertThat(host.limits()).last().asString().contains("(/mnt/my groups/a b/memory.max)");
  }

  @Test
  void processOutsideOfItsNamespacesRoot() throws IOException {
    host.groups("0::/../other")
        .mounts(V2_MOUNT.formatted("/.."))
        .unified(V2 + "/other", "400", 100)
        .unified(V2, "700", 100);
    assertThat(host.limits())
        .anyMatch(limit -> limit.contains("/sys/fs/cgroup/other/memory.max"))
        .anyMatch(limit -> limit.contains("(/sys/fs/cgroup/memory.max)"));
    host.groups("0::/../../unseen").mounts(V2_MOUNT.formatted("/"));
    assertThat(host.limits()).hasSize(2).last().asString().contains("(/sys/fs/cgroup/memory.max)");
  }

  @Test
  void groupsThatTheProcessIsNotToldOf() throws IOException {
    host.unified(V2, "400", 100);
    assertThat(host.limits()).last().asString().endsWith("300 of 400");
  }

  @Test
  void limitAboveDoesNotCountWithoutHierarchy() throws IOException {
    host.groups("4:memory:/a/b")
        .mounts(V1_MOUNT.formatted("/"))
        .legacy(V1 + "/a/b", "500", 100)
        .legacy(V1 + "/a", "200", 100)
        .file(V1 + "/a/memory.use_hierarchy", "0");
    assertThat(host.limits()).hasSize(2).last().asString().endsWith("400 of 500");
  }

  @Test
  void swapMayBeLimitedTogetherWithMemory() throws IOException {
    host.groups("4:memory:/")
        .mounts(V1_MOUNT.formatted("/"))
        .legacy(V1, "500", 100)
        .file(V1 + "/memory.memsw.limit_in_bytes", FakeHost.bytes("500"))
        .file(V1 + "/memory.memsw.usage_in_bytes", FakeHost.bytes("300"));
    assertThat(host.limits()).last().asString().contains("memory.memsw").endsWith("200 of 500");
  }

  @Test
  void pageCacheOfTheGroupIsFreeUnlessItIsStillToBeWritten() throws IOException {
    host.groups("0::/")
        .mounts(V2_MOUNT.formatted("/"))
        .unified(
            V2,
            "400",
            350,
            "anon " + FakeHost.bytes("50"),
            "file_dirty " + FakeHost.bytes("20"),
            "file_writeback " + FakeHost.bytes("10"),
            "inactive_file " + FakeHost.bytes("100"),
            "active_file " + FakeHost.bytes("30"),
            "unevictable " + FakeHost.bytes("80"));
    assertThat(host.limits()).last().asString().endsWith("150 of 400");
  }

  @Test
  void version1CountsThePageCacheOfAllGroupsBelow() throws IOException {
    host.groups("4:memory:/")
        .mounts(V1_MOUNT.formatted("/"))
        .legacy(
            V1,
            "400",
            350,
            "inactive_file 0",
            "dirty 0",
            "total_inactive_file " + FakeHost.bytes("100"),
            "total_active_file " + FakeHost.bytes("30"),
            "total_dirty " + FakeHost.bytes("20"));
    assertThat(host.limits()).last().asString().endsWith("160 of 400");
  }

  @Test
  void groupOverItsLimitHasNothing() throws IOException {
    host.groups("0::/").mounts(V2_MOUNT.formatted("/")).unified(V2, "100", 200);
    assertThat(host.limits()).last().asString().endsWith("0 of 100");
  }

  @Test
  void limitsOfTheProcess() throws IOException {
    host.file(
            "proc/self/limits",
            "Limit                     Soft Limit           Hard Limit           Units     ",
            "Max data size             209715200            unlimited            bytes     ",
            "Max address space         419430400            419430400            bytes     ")
        .file("proc/self/status", "Name: x", "VmSize:   102400 kB", "VmData:   51200 kB");
    assertThat(host.limits())
        .containsExactly(
            MACHINE,
            "ulimit -v (Max address space in /proc/self/limits): 300 of 400",
            "ulimit -d (Max data size in /proc/self/limits): 150 of 200");
  }

  @Test
  void processThatIsMovedToAnotherGroupFindsIt() throws IOException {
    host.groups("0::/a")
        .mounts(V2_MOUNT.formatted("/"))
        .unified(V2 + "/a", "400", 100)
        .unified(V2 + "/b", "300", 100);
    MemoryFiles files = host.files();
    assertThat(files.read()).extracting(MemoryLimit::limitBytes).contains(400 * FakeHost.MIB);
    host.groups("0::/b");
    assertThat(files.read()).extracting(MemoryLimit::limitBytes).contains(300 * FakeHost.MIB);
  }

  @Test
  void nonsenseIsNoLimit() throws IOException {
    host.groups("0", "", "x:y", "0::/")
        .mounts("", "1 2 3", V2_MOUNT.formatted("/"), "a - b")
        .unified(V2, "max", 1)
        .file(V2 + "/memory.max", "99999999999999999999999999")
        .file(V2 + "/memory.high", "");
    assertThat(host.limits()).containsExactly(MACHINE);
  }

  @Test
  void platformWithoutTheFilesIsUnknown() {
    assertThat(new MemoryFiles(folder.resolve("absent")).read()).isEmpty();
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "only Linux has /proc/meminfo")
  void linuxTells() {
    assertThat(MemoryFiles.SYSTEM.read())
        .anyMatch(limit -> limit.kind() == Kind.MACHINE)
        .allMatch(limit -> limit.limitBytes() >= limit.freeBytes());
  }
}
