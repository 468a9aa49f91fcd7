// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.device.cuda.ChildJvm.Classes;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How JVMs of their own come by JCuda's library and the driver, on either kind of path. */
@Tag("slow")
@ExtendWith(DriverChecks.class)
class LoadingTests {
  private static final String JCUDA_FILE = "libJCudaDriver-12.6.0-linux-x86_64.so";
  private static final int AT_ONCE = 3;

  @TempDir Path scratch;

  private ChildJvm withDriver(Classes classes) {
    SimulatedDriver.get();
    return new ChildJvm(scratch, classes).libraries(SimulatedDriver.library().getParent());
  }

  private static String cuda(String printed) {
    List<String> lines = printed.lines().filter(line -> line.startsWith("device cuda")).toList();
    assertThat(lines).as(printed).hasSize(1);
    return lines.getFirst();
  }

  @ParameterizedTest
  @EnumSource
  void withoutTheDriverTheProbeSaysSoInOneLine(Classes classes) throws Exception {
    String line = cuda(new ChildJvm(scratch, classes).run());
    Assumptions.assumeFalse(
        line.startsWith("device cuda, available"), "this machine has a CUDA driver");
    assertThat(line)
        .startsWith(
            "device cuda, unavailable: libcuda.so.1 was not found: install NVIDIA's driver");
  }

  @ParameterizedTest
  @EnumSource
  void withTheDriverTheProbeListsDevicesAndPrintsNoWarning(Classes classes) throws Exception {
    String printed = withDriver(classes).run();
    assertThat(cuda(printed)).contains("available: driver for CUDA 12.6; cuda:0 Simulated GPU 0");
    assertThat(printed).doesNotContain("WARNING");
    assertThat(leftovers()).as("unpacked files left").isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void severalProcessesLoadAtOnceWhateverLiesInTheSharedFolder(Classes classes) throws Exception {
    Files.writeString(scratch.resolve(JCUDA_FILE), "what another process is still writing");
    List<Path> outputs = new ArrayList<>();
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < AT_ONCE; i++) {
      outputs.add(Files.createTempFile(scratch, "out", ".txt"));
      processes.add(withDriver(classes).start(outputs.get(i)));
    }
    for (int i = 0; i < AT_ONCE; i++) {
      assertThat(cuda(ChildJvm.result(processes.get(i), outputs.get(i))))
          .contains("available: driver");
    }
  }

  @ParameterizedTest
  @EnumSource
  void loadsOfTheCpuTouchNothingOfJCuda(Classes classes) throws Exception {
    Path file = Checkpoint.write(scratch);
    String printed =
        new ChildJvm(scratch, classes).option("-Xlog:class+load").run("cpu", file.toString());
    assertThat(printed).contains("name='weights'", "io.fastsafetensors.device.cuda.CudaRuntime ");
    assertThat(printed.lines().filter(line -> line.contains("jcuda."))).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void deniedNativeAccessNamesTheFlag(Classes classes) throws Exception {
    assertThat(cuda(withDriver(classes).denied().run()))
        .contains("unavailable: native access is denied: pass --enable-native-access=");
  }

  @Test
  void unifiedMemoryIsToldAndLoadedInto() throws Exception {
    ChildJvm child = withDriver(Classes.CLASS_PATH).environment("FST_SIM_INTEGRATED", "1");
    assertThat(cuda(child.run())).contains("cuda:0", "unified memory");
    Path file = Checkpoint.write(scratch);
    assertThat(child.run("cuda:0", file.toString())).contains("name='weights'", "device=cuda:0");
  }

  private List<Path> leftovers() throws IOException {
    try (Stream<Path> entries = Files.list(scratch)) {
      return entries
          .filter(entry -> entry.getFileName().toString().startsWith("fastsafetensors-cuda"))
          .toList();
    }
  }
}
