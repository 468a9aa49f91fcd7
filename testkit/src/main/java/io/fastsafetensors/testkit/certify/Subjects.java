// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.Device;
import io.fastsafetensors.PluginReport.Kind;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.testkit.TestkitEnvironment;
import io.fastsafetensors.testkit.blame.Blame;
import io.fastsafetensors.testkit.sim.SimRuntime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The plug-ins on the module path and the class path, each with every device that it serves. */
final class Subjects {
  private final Choice choice;
  private final Duration limit;

  Subjects(Choice choice) {
    this.choice = choice;
    Duration patience = TestkitEnvironment.fromSystem().patience();
    Duration test = choice.limits().test();
    this.limit = test.compareTo(patience) < 0 ? test : patience;
  }

  /**
   * Finds what was asked for; if nothing was, all but the testkit's own.
   *
   * @throws IllegalStateException if a provider can't be made: it says which
   */
  List<Subject> find() {
    List<DeviceRuntime> runtimes = providers(DeviceRuntime.class);
    List<Subject> devices =
        runtimes.stream()
            .map(runtime -> ask(Kind.DEVICE, runtime, first(runtime), runtime::probe))
            .toList();
    List<Subject> all = new ArrayList<>();
    devices.stream().filter(device -> wants(Kind.DEVICE, device.provider())).forEach(all::add);
    for (IoBackend backend : providers(IoBackend.class)) {
      all.addAll(served(Kind.BACKEND, backend, available(devices), backend::probe));
    }
    for (Collective collective : providers(Collective.class)) {
      all.addAll(served(Kind.COLLECTIVE, collective, available(devices), collective::probe));
    }
    return List.copyOf(all);
  }

  private static Device first(DeviceRuntime runtime) {
    return new Device(runtime.type(), 0);
  }

  /** Names the plug-ins of the kind that was asked for. */
  String names() {
    Class<? extends Provider> service =
        switch (choice.kind().orElse(Kind.BACKEND)) {
          case BACKEND -> IoBackend.class;
          case COLLECTIVE -> Collective.class;
          case DEVICE -> DeviceRuntime.class;
        };
    return providers(service).stream().map(Subjects::name).collect(Collectors.joining(", "));
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

  /** The first device of each type that is there; that of the host last, since it shows least. */
  private static List<Device> available(List<Subject> runtimes) {
    Stream<Device> others =
        runtimes.stream()
            .filter(Subject::isAvailable)
            .map(Subject::device)
            .filter(device -> !device.isCpu());
    return Stream.concat(others, Stream.of(Device.CPU)).distinct().toList();
  }

  /** Where a plug-in is available or breaks a rule; if nowhere, once, with the reason. */
  private List<Subject> served(
      Kind kind, Provider provider, List<Device> devices, Function<Device, Availability> probe) {
    if (!wants(kind, provider)) {
      return List.of();
    }
    List<Subject> all = new ArrayList<>();
    for (Device device : devices) {
      all.add(ask(kind, provider, device, () -> probe.apply(device)));
    }
    List<Subject> served =
        all.stream()
            .filter(subject -> subject.isAvailable() || !subject.fault().isEmpty())
            .toList();
    return served.isEmpty() ? all.subList(all.size() - 1, all.size()) : served;
  }

  /** A probe that throws, or doesn't answer, breaks rule P-103. */
  private Subject ask(Kind kind, Provider provider, Device device, Callable<Availability> probe) {
    FutureTask<Availability> task = new FutureTask<>(probe);
    Thread thread = Thread.ofPlatform().daemon().name("certify: probe").start(task);
    try {
      Availability answer = task.get(limit.toNanos(), TimeUnit.NANOSECONDS);
      return new Subject(kind, provider, device, Objects.requireNonNull(answer, "null"), "");
    } catch (ExecutionException | NullPointerException e) {
      Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
      return broken(kind, provider, device, "threw " + Blame.of(cause));
    } catch (TimeoutException e) {
      String place = Blame.at(thread.getStackTrace());
      String late = "did not answer within " + limit.toSeconds() + " s; it is at " + place;
      return broken(kind, provider, device, late);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while plug-ins were probed", e);
    }
  }

  private static Subject broken(Kind kind, Provider provider, Device device, String how) {
    String fault = "[P-103] probe(" + device + ") " + how;
    return new Subject(kind, provider, device, Availability.unavailable(fault), fault);
  }

  private boolean wants(Kind kind, Provider provider) {
    return choice
        .kind()
        .map(wanted -> wanted == kind && name(provider).equals(choice.name()))
        .orElseGet(() -> !name(provider).equals(SimRuntime.TYPE));
  }

  /** Device runtimes are asked for by type, others by id. */
  private static String name(Provider provider) {
    try {
      return provider instanceof DeviceRuntime runtime ? runtime.type() : provider.id();
    } catch (RuntimeException | LinkageError e) {
      return "[P-102] %s, whose id() threw %s".formatted(provider.getClass().getName(), e);
    }
  }
}
