// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.Device;
import io.fastsafetensors.Reason;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Availability.Available;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.toolkit.plugin.NativeBinding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProbeTests {
  private static final Device SIM = new Device("sim", 0);

  @TempDir Path folder;

  /** Writes to a file what the plug-ins say of this process. */
  static final class Main {
    private Main() {}

    public static void main(String[] args) throws IOException {
      Availability backend = new PosixIoBackend().probe(Device.CPU);
      Availability runtime = new LinuxRuntime().probe();
      Files.write(Path.of(args[0]), List.of(backend.toString(), runtime.toString()));
    }
  }

  /** Returns both answers of a process that prints nothing itself. */
  private List<String> answers(String accessOption) throws IOException, InterruptedException {
    Path answers = folder.resolve("answers");
    String printed =
        new ChildJava("true", accessOption).run(folder, Main.class, answers.toString());
    assertThat(printed).isEmpty();
    return Files.readAllLines(answers);
  }

  @Test
  void deniedNativeAccessNamesTheFlag() throws IOException, InterruptedException {
    String flag = "native access is denied: pass --enable-native-access=" + ChildJava.module();
    assertThat(answers("--illegal-native-access=deny"))
        .hasSize(2)
        .allMatch(line -> line.startsWith("unavailable: " + flag));
  }

  @Test
  void allowedNativeAccessIsSilent() throws IOException, InterruptedException {
    assertThat(answers("--enable-native-access=" + ChildJava.module()))
        .hasSize(2)
        .allMatch(line -> line.startsWith("available: "));
  }

  @Test
  void missingLibraryIsAReasonAndNoCrash() {
    NativeBinding<Libc> missing =
        new NativeBinding<>(
            "libc",
            () -> {
              throw new LoadException("no libc");
            });
    PosixIoBackend backend = new PosixIoBackend(missing);
    LinuxRuntime runtime = new LinuxRuntime(missing);

    assertThat(backend.probe(Device.CPU))
        .isEqualTo(Availability.unavailable(Reason.of("plugin.no-library", "no libc"), null));
    assertThat(runtime.probe())
        .isEqualTo(Availability.unavailable(Reason.of("plugin.no-library", "no libc"), null));
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> runtime.open(Device.CPU))
        .withMessage("no libc");
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> {
          try (var context = new LinuxRuntime().open(Device.CPU)) {
            backend.open(context, null).close();
          }
        })
        .withMessage("no libc");
  }

  @Test
  void onlyHostMemoryIsMapped() {
    Availability cpu = new PosixIoBackend().probe(Device.CPU);
    Availability sim = new PosixIoBackend().probe(SIM);
    assertThat(((Available) cpu).capabilities()).contains(Capability.MAPPED, Capability.DIRECT_IO);
    assertThat(((Available) sim).capabilities())
        .containsExactlyInAnyOrder(Capability.COPIED, Capability.DIRECT_IO);
  }

  @Test
  void runtimeHasOneDevice() throws LoadException {
    LinuxRuntime runtime = new LinuxRuntime();
    assertThat(runtime.devices()).hasSize(1);
    assertThat(runtime.devices().getFirst().totalBytes()).isPositive();
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> runtime.open(SIM))
        .withMessageContaining("not sim:0");
  }
}
