// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.Device;
import io.fastsafetensors.PluginReport.Kind;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Availability.Available;
import io.fastsafetensors.spi.Availability.Unavailable;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.testkit.certify.CertifiedContracts.CertifiedBackend;
import io.fastsafetensors.testkit.certify.CertifiedContracts.CertifiedCollective;
import io.fastsafetensors.testkit.certify.CertifiedContracts.CertifiedGroups;
import io.fastsafetensors.testkit.certify.CertifiedContracts.CertifiedRuntime;
import io.fastsafetensors.testkit.sim.SimRuntime;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.lang.module.ModuleDescriptor;
import java.net.URI;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A plug-in to certify, with the device that it is tried on.
 *
 * @param kind what it plugs into
 * @param provider the plug-in
 * @param device where its data is to be
 * @param availability what its probe said
 * @param fault how the probe broke rule P-103; empty if it answered
 */
public record Subject(
    Kind kind, Provider provider, Device device, Availability availability, String fault) {
  /** Names it, as in {@code backend posix on cpu}; simulated devices are marked. */
  @Override
  public String toString() {
    String simulated = device.type().equals(SimRuntime.TYPE) ? " (simulated)" : "";
    return kind.name().toLowerCase(Locale.ROOT) + " " + provider.id() + " on " + device + simulated;
  }

  boolean isAvailable() {
    return availability instanceof Available;
  }

  /** Returns what the probe said: versions and modes, or why not. */
  String detail() {
    return switch (availability) {
      case Available yes -> yes.detail().toString();
      case Unavailable no -> "unavailable: " + no.reason();
    };
  }

  /** Returns what the device says of itself; simulated drivers say so. */
  String deviceName() {
    try {
      DeviceRuntime runtime = provider instanceof DeviceRuntime own ? own : Runtimes.of(device);
      return runtime.devices().stream()
          .filter(info -> info.device().equals(device))
          .map(info -> info.name() + ", " + info.detail())
          .findFirst()
          .orElse("not there");
    } catch (LoadException | RuntimeException | LinkageError e) {
      return "not there";
    }
  }

  /** Returns the module with its version, if it says so, and the jar. */
  String source() {
    Class<?> type = provider.getClass();
    String module =
        Optional.ofNullable(type.getModule().getDescriptor())
            .map(ModuleDescriptor::toNameAndVersion)
            .orElseGet(() -> type.getName() + version(type.getPackage()));
    return module + " (" + file(type.getProtectionDomain().getCodeSource()) + ")";
  }

  private static String version(Package home) {
    return Optional.ofNullable(home.getImplementationVersion()).map(v -> "@" + v).orElse("");
  }

  private static String file(CodeSource source) {
    return String.valueOf(Path.of(URI.create(source.getLocation().toString())).getFileName());
  }

  /** Returns the contracts that bind it; where it is unavailable, only that of the provider. */
  List<Class<?>> contracts() {
    return switch (kind) {
      case DEVICE -> List.of(CertifiedRuntime.class);
      case BACKEND -> List.of(CertifiedBackend.class);
      case COLLECTIVE ->
          isAvailable()
              ? List.of(CertifiedCollective.class, CertifiedGroups.class)
              : List.of(CertifiedCollective.class);
    };
  }
}
