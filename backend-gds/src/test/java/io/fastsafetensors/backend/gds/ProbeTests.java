// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.backend.gds.cufile.CuFileBinding;
import io.fastsafetensors.backend.gds.cufile.CuFileBinding.Bound;
import io.fastsafetensors.backend.gds.host.HostView;
import io.fastsafetensors.backend.gds.simulated.Hosts;
import io.fastsafetensors.backend.gds.simulated.SimulatedCuFile;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Availability.Available;
import io.fastsafetensors.spi.Availability.Unavailable;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.toolkit.plugin.NativeBinding;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the probe tells operators. */
class ProbeTests {
  @TempDir private Path root;

  private static Availability probe(NativeBinding<Bound> binding, HostView host) {
    return new GdsIoBackend(binding, host, 0).probe(Loads.CUDA);
  }

  private String reason(NativeBinding<Bound> binding) {
    Availability answer = probe(binding, Hosts.peerToPeer(root));
    assertThat(answer).isInstanceOf(Unavailable.class);
    return ((Unavailable) answer).reason().toString();
  }

  @Test
  void hostMemoryIsNoneOfItsBusiness() {
    GdsIoBackend backend =
        new GdsIoBackend(
            new NativeBinding<>(
                "cuFile",
                () -> {
                  throw new AssertionError("bound for a device that it does not serve");
                }),
            Hosts.compatibility(root),
            0);
    assertThat(backend.probe(Device.CPU))
        .hasToString("unavailable: reads to devices cuda:N only, not to cpu");
  }

  @Test
  void aMissingLibraryIsNamedWithTheRemedy() {
    assertThat(
            reason(
                CuFileBinding.of(
                    "Linux", "amd64", () -> List.of("libnosuch.so.7", "/nowhere/lib.so"))))
        .startsWith("libcufile.so.0 was not found")
        .contains("install NVIDIA's package libcufile", "set FST_CUFILE_LIBRARY");
    assertThat(reason(CuFileBinding.of("Linux", "amd64", () -> List.of("/nowhere/libcufile.so.0"))))
        .isEqualTo("/nowhere/libcufile.so.0, asked for by a setting, can't be loaded");
  }

  @Test
  void aLibraryThatIsAnotherIsNamedByWhatItLacks() {
    assertThat(reason(CuFileBinding.of("Linux", "amd64", () -> List.of("libc.so.6"))))
        .startsWith("libcufile.so.0 can't be bound: ")
        .contains("cuFileDriverOpen");
  }

  @Test
  void otherPlatformsAreNamed() {
    assertThat(reason(CuFileBinding.of("Mac OS X", "aarch64", () -> List.of("libcufile.so.0"))))
        .isEqualTo("needs Linux on x86-64 or aarch64, this is Mac OS X on aarch64");
    assertThat(reason(CuFileBinding.of("Linux", "riscv64", () -> List.of("libcufile.so.0"))))
        .contains("Linux on riscv64");
  }

  @Test
  void peerToPeerIsForChoosingByDefault() {
    Available answer = (Available) probe(SimulatedCuFile.newBinding(), Hosts.peerToPeer(root));
    assertThat(answer.byDefault()).isTrue();
    assertThat(answer.capabilities()).contains(Capability.PEER_TO_PEER);
    assertThat(answer.detail().toString())
        .startsWith(
            "peer to peer by nvidia-fs 2.17.5, where a file's storage has it; libcufile 1.13")
        .contains("libcufile.so.0");
  }

  @Test
  void compatibilityModeHasToBeAskedFor() {
    Available answer = (Available) probe(SimulatedCuFile.newBinding(), Hosts.compatibility(root));
    assertThat(answer.byDefault()).isFalse();
    assertThat(answer.capabilities()).doesNotContain(Capability.PEER_TO_PEER);
    assertThat(answer.detail().toString())
        .startsWith(
            "compatibility mode, by way of the host; no peer to peer: the kernel module nvidia-fs"
                + " is not loaded: modprobe nvidia-fs");
  }

  @Test
  void compatibilityModeThatIsForbiddenIsUnavailable() {
    HostView host = Hosts.compatibility(root);
    HostView strict =
        new HostView(root, Map.of("CUFILE_ALLOW_COMPAT_MODE", "false"), host.storages());
    assertThat(probe(SimulatedCuFile.newBinding(), strict).toString())
        .contains("unavailable", "nvidia-fs is not loaded", "forbids compatibility mode");
  }
}
