// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.backend.gds.simulated.Hosts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the host's files say of peer to peer reads. */
class HostViewTests {
  @TempDir private Path root;
  private HostView host;

  @BeforeEach
  void write() {
    host = Hosts.peerToPeer(root);
  }

  private HostView with(String variable, String value) {
    return new HostView(root, Map.of(variable, value), host.storages());
  }

  @Test
  void aHostWithAllOfItHasNoObstacle() {
    assertThat(host.obstacle()).isEmpty();
    assertThat(host.means()).isEqualTo("nvidia-fs 2.17.5");
    assertThat(host.allowsCompatibility()).isTrue();
    assertThat(host.usesPciP2p()).isFalse();
  }

  @Test
  void withoutTheKernelModuleThereIsOnlyCompatibilityMode() throws IOException {
    Files.delete(root.resolve("proc/driver/nvidia-fs/version"));
    assertThat(host.obstacle())
        .hasValueSatisfying(o -> assertThat(o).contains("modprobe nvidia-fs"));
  }

  @Test
  void theKernelsOwnTransfersNeedNoModule() throws IOException {
    Files.delete(root.resolve("proc/driver/nvidia-fs/version"));
    HostView asked = with("CUFILE_USE_PCIP2PDMA", "true");
    assertThat(asked.obstacle()).isEmpty();
    assertThat(asked.means()).isEqualTo("the kernel's PCI peer to peer transfers");
  }

  @Test
  void aContainerWithoutTheModulesDeviceHasOnlyCompatibilityMode() throws IOException {
    Files.delete(root.resolve("dev/nvidia-fs0"));
    assertThat(host.obstacle())
        .contains("/dev/nvidia-fs0 is missing: give the container nvidia-fs's devices");
  }

  @Test
  void aContainerWithoutUdevHasOnlyCompatibilityMode() throws IOException {
    Files.delete(root.resolve("run/udev/control"));
    Files.delete(root.resolve("run/udev"));
    assertThat(host.obstacle())
        .hasValueSatisfying(o -> assertThat(o).contains("--volume /run/udev:/run/udev:ro"));
  }

  @Test
  void windowsSubsystemHasOnlyCompatibilityMode() {
    Hosts.write(root, "proc/version", "Linux version 5.15.0-microsoft-standard-WSL2");
    assertThat(host.obstacle())
        .contains("the Windows Subsystem for Linux has no peer to peer reads");
  }

  @Test
  void configurationIsReadPastItsComments() {
    Hosts.write(
        root,
        "etc/cufile.json",
        """
        {
          // "force_compat_mode": true is not set
          "properties": {
            "allow_compat_mode" : false,
            "force_compat_mode": false
          }
        }
        """);
    assertThat(host.obstacle()).isEmpty();
    assertThat(host.allowsCompatibility()).isFalse();
  }

  @Test
  void variablesWinOverTheConfiguration() {
    Hosts.write(root, "etc/cufile.json", "{\"force_compat_mode\": false}");
    assertThat(with("CUFILE_FORCE_COMPAT_MODE", "1").obstacle())
        .contains("cuFile's configuration forces it by force_compat_mode");
    assertThat(with("CUFILE_ALLOW_COMPAT_MODE", "false").allowsCompatibility()).isFalse();
  }

  @Test
  void anotherConfigurationCanBeNamed() {
    Hosts.write(root, "other.json", "{\"force_compat_mode\": true}");
    assertThat(with("CUFILE_ENV_PATH_JSON", root.resolve("other.json") + "").obstacle())
        .isPresent();
  }

  @Test
  void readsAreKnownOnlyWhereTheModuleCountsThem() {
    String counts = "Mmap : n=1 ok=1\nOps : Read=17 Write=2 BatchIO=0\n";
    Hosts.write(
        root,
        "proc/driver/nvidia-fs/stats",
        "IO stats: Disabled, peer IO stats: Disabled\n" + counts);
    assertThat(host.countedReads()).isEmpty();
    Hosts.write(
        root,
        "proc/driver/nvidia-fs/stats",
        "IO stats: Enabled, peer IO stats: Enabled\n" + counts);
    assertThat(host.countedReads()).hasValue(17);
  }

  @Test
  void disksAreFoundThroughVolumesOfSeveral() throws IOException {
    Path blocks = root.resolve("blocks");
    Hosts.write(root, "blocks/md0/slaves/nvme0n1/x", "");
    Hosts.write(root, "blocks/md0/slaves/dm-3/x", "");
    Hosts.write(root, "blocks/nvme0n1/size", "");
    Hosts.write(root, "blocks/dm-3/slaves/nvme1n1p2/x", "");
    Hosts.write(root, "blocks/nvme1n1p2/size", "");
    assertThat(Storage.disks(Path.of("/no/dev/md0"), blocks))
        .containsExactly("nvme1n1p2", "nvme0n1");
    assertThat(Storage.disks(Path.of("/no/dev/overlay"), blocks)).isEmpty();
  }

  @Test
  void storageOfARealFileIsFound() throws IOException {
    Storage storage = HostView.system().storages().find(root);
    assertThat(storage.fileSystem()).isNotBlank();
    assertThat(storage.isNvme()).isEqualTo(storage.toString().contains("on nvme"));
  }
}
