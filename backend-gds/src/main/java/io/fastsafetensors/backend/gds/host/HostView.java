// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The host, as it shows itself in files.
 *
 * @param root the root of its files
 * @param environment the process's variables
 * @param storages finds what a file is stored on
 */
public record HostView(Path root, Map<String, String> environment, Storage.Finder storages) {
  private static final String NVIDIA_FS = "proc/driver/nvidia-fs";
  private static final Pattern READS = Pattern.compile("Ops\\s*:.*?Read=(\\d+)");

  /** Returns the host that this process runs on. */
  public static HostView system() {
    Path blocks = Path.of("/sys/class/block");
    return new HostView(Path.of("/"), System.getenv(), file -> Storage.of(file, blocks));
  }

  /**
   * Looks for what keeps cuFile from reading any file peer to peer.
   *
   * @return what, and what to do about it; empty if there is nothing that can be seen without
   *     opening cuFile's driver
   */
  public Optional<String> obstacle() {
    if (configuration().forcesCompatibility()) {
      return Optional.of("cuFile's configuration forces it by force_compat_mode");
    }
    if (text("proc/version").toLowerCase(Locale.ROOT).contains("microsoft")) {
      return Optional.of("the Windows Subsystem for Linux has no peer to peer reads");
    }
    if (!Files.isReadable(root.resolve("run/udev"))) {
      return Optional.of(
          "/run/udev can't be read: give the container --volume /run/udev:/run/udev:ro");
    }
    return configuration().usesPciP2p() ? Optional.empty() : moduleObstacle();
  }

  private Optional<String> moduleObstacle() {
    if (nvidiaFs().isEmpty()) {
      return Optional.of(
          "the kernel module nvidia-fs is not loaded: modprobe nvidia-fs, or set use_pci_p2pdma in"
              + " cufile.json");
    }
    if (!Files.exists(root.resolve("dev/nvidia-fs0"))) {
      return Optional.of("/dev/nvidia-fs0 is missing: give the container nvidia-fs's devices");
    }
    return Optional.empty();
  }

  /** Returns the version of the kernel module nvidia-fs; empty if it is not loaded. */
  public Optional<String> nvidiaFs() {
    return text(NVIDIA_FS + "/version")
        .lines()
        .findFirst()
        .map(line -> line.replace("version:", "").strip());
  }

  /** Names what could read peer to peer, for operators. */
  public String means() {
    return nvidiaFs()
        .map(version -> "nvidia-fs " + version)
        .orElse("the kernel's PCI peer to peer transfers");
  }

  /** Tells whether cuFile may read through the host. */
  public boolean allowsCompatibility() {
    return configuration().allowsCompatibility();
  }

  /** Tells whether cuFile is told to read NVMe without nvidia-fs. */
  public boolean usesPciP2p() {
    return configuration().usesPciP2p();
  }

  /**
   * Returns how many reads nvidia-fs has counted since it was loaded, of all processes.
   *
   * @return the number; empty if it doesn't count ({@code rw_stats_enabled}) or isn't there
   */
  public OptionalLong countedReads() {
    String stats = text(NVIDIA_FS + "/stats");
    Matcher reads = READS.matcher(stats);
    return stats.contains("IO stats: Enabled") && reads.find()
        ? OptionalLong.of(Long.parseLong(reads.group(1)))
        : OptionalLong.empty();
  }

  private CuFileConfiguration configuration() {
    return CuFileConfiguration.read(root, environment);
  }

  private String text(String file) {
    try {
      return Files.readString(root.resolve(file));
    } catch (IOException e) {
      return "";
    }
  }
}
