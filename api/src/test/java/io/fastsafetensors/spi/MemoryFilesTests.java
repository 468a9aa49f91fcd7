// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class MemoryFilesTests {
  @TempDir Path folder;

  @BeforeEach
  void writeMachine() throws IOException {
    Files.writeString(
        folder.resolve("meminfo"),
        "MemTotal:       1000 kB\nMemFree:  10 kB\nMemAvailable:    400 kB\n");
  }

  private void writeContainer(String max, String current) throws IOException {
    Files.writeString(folder.resolve("memory.max"), max + "\n");
    Files.writeString(folder.resolve("memory.current"), current + "\n");
  }

  private MemoryInfo read() {
    return new MemoryFiles(folder.resolve("meminfo"), folder).read().orElseThrow();
  }

  @Test
  void machineCountsWithoutContainer() {
    assertThat(read()).isEqualTo(new MemoryInfo(400 << 10, 1000 << 10));
  }

  @Test
  void containerWithoutLimitChangesNothing() throws IOException {
    writeContainer("max", "5000");
    assertThat(read()).isEqualTo(new MemoryInfo(400 << 10, 1000 << 10));
  }

  @Test
  void containerWithLessThanTheMachineCounts() throws IOException {
    writeContainer("100000", "70000");
    assertThat(read()).isEqualTo(new MemoryInfo(30000, 100000));
  }

  @Test
  void pageCacheOfTheContainerIsFree() throws IOException {
    writeContainer("100000", "70000");
    Files.writeString(folder.resolve("memory.stat"), "file 60000\ninactive_file 40000\n");
    assertThat(read()).isEqualTo(new MemoryInfo(70000, 100000));
  }

  @Test
  void containerOverItsLimitHasNothing() throws IOException {
    writeContainer("1000", "2000");
    assertThat(read()).isEqualTo(new MemoryInfo(0, 1000));
  }

  @Test
  void platformWithoutTheFilesIsUnknown() {
    Path absent = folder.resolve("absent");
    assertThat(new MemoryFiles(absent, absent).read()).isEmpty();
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "only Linux has /proc/meminfo")
  void linuxTells() {
    MemoryInfo info = MemoryFiles.SYSTEM.read().orElseThrow();
    assertThat(info.totalBytes()).isGreaterThan(info.freeBytes());
    assertThat(info.freeBytes()).isPositive();
  }
}
