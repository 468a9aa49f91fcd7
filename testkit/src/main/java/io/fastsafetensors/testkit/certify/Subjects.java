// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.Device;
import io.fastsafetensors.PluginReport.Kind;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.testkit.sim.SimRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The plug-ins on the module path and the class path, each with every device that it serves. */
final class Subjects {
  private Subjects() {}

  /**
   * Finds what was asked for; if nothing was, all but the testkit's own.
   *
   * @throws IllegalStateException if a provider can't be made: it says which
   */
  static List<Subject> find(Choice choice) {
    List<Subject> all = new ArrayList<>();
    for (DeviceRuntime runtime : providers(DeviceRuntime.class)) {
      Device first = new Device(runtime.type(), 0);
      all.add(new Subject(Kind.DEVICE, runtime, first, answer(runtime::probe)));
    }
    List<Device> devices = devices(all);
    for (IoBackend backend : providers(IoBackend.class)) {
      all.addAll(served(Kind.BACKEND, backend, devices, backend::probe));
    }
    for (Collective collective : providers(Collective.class)) {
      all.addAll(served(Kind.COLLECTIVE, collective, devices, collective::probe));
    }
    return all.stream().filter(wanted(choice)).toList();
  }

  private static <P> List<P> providers(Class<P> service) {
    try {
      return ServiceLoader.load(service, Subjects.class.getClassLoader()).stream()
          .map(ServiceLoader.Provider::get)
          .toList();
    } catch (ServiceConfigurationError e) {
      throw new IllegalStateException("[P-101] a provider can't be made: " + e.getMessage(), e);
    }
  }

  /** The host's memory, and the first device of each other type that is there. */
  private static List<Device> devices(List<Subject> runtimes) {
    Stream<Device> others =
        runtimes.stream()
            .filter(Subject::isAvailable)
            .map(Subject::device)
            .filter(device -> !device.isCpu());
    return Stream.concat(Stream.of(Device.CPU), others).distinct().toList();
  }

  /** Where a plug-in is available; if nowhere, it is listed once, with the reason. */
  private static List<Subject> served(
      Kind kind, Provider provider, List<Device> devices, Function<Device, Availability> probe) {
    List<Subject> all =
        devices.stream()
            .map(device -> new Subject(kind, provider, device, answer(() -> probe.apply(device))))
            .toList();
    List<Subject> served = all.stream().filter(Subject::isAvailable).toList();
    return served.isEmpty() ? all.subList(0, 1) : served;
  }

  /** A probe that throws breaks rule P-103, which its contract will say. */
  private static Availability answer(Supplier<Availability> probe) {
    try {
      return probe.get();
    } catch (RuntimeException | LinkageError e) {
      return Availability.unavailable("its probe failed: " + e, e);
    }
  }

  private static Predicate<Subject> wanted(Choice choice) {
    return subject ->
        choice
            .kind()
            .map(kind -> subject.kind() == kind && name(subject).equals(choice.name()))
            .orElseGet(() -> !name(subject).equals(SimRuntime.TYPE));
  }

  /** Device runtimes are asked for by type, others by id. */
  private static String name(Subject subject) {
    return subject.provider() instanceof DeviceRuntime runtime
        ? runtime.type()
        : subject.provider().id();
  }
}
