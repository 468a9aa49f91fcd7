// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.Device;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.Plugin;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.PluginReport.Kind;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.config.PluginIds;
import io.fastsafetensors.internal.config.PluginOptions;
import io.fastsafetensors.internal.group.ConnectedGroup;
import io.fastsafetensors.internal.host.HostRuntime;
import io.fastsafetensors.internal.plan.NearestNames;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Availability.Available;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.spi.DeviceInfo;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.spi.Provider.Option;
import io.fastsafetensors.toolkit.text.SettingValues;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A set of plug-ins: the one place that looks for services. */
public final class Registry implements Plugins {
  private static final Logger LOG = System.getLogger(Registry.class.getName());

  private static final List<String> RUNTIME_IDS = List.of("host", "linux", "cuda", "sim");
  private static final List<String> BACKEND_IDS = List.of("cpu", "posix", "gds", "sim");
  private static final List<String> COLLECTIVE_IDS = List.of("mpj", "nccl");

  /** The set that a collective is of, while it is asked something. */
  private static final ScopedValue<Registry> CURRENT = ScopedValue.newInstance();

  private final ProviderSet<DeviceRuntime> runtimes;
  private final ProviderSet<IoBackend> backends;
  private final ProviderSet<Collective> collectives;
  private final PluginOptions options;

  private Registry(
      ProviderSet<DeviceRuntime> runtimes,
      ProviderSet<IoBackend> backends,
      ProviderSet<Collective> collectives) {
    this.runtimes = runtimes;
    this.backends = backends;
    this.collectives = collectives;
    this.options = optionsOf(runtimes, backends, collectives);
  }

  private static PluginOptions optionsOf(ProviderSet<?>... kinds) {
    Map<String, List<Option<?>>> declared = new TreeMap<>();
    Map<Kind, Set<String>> usable = new EnumMap<>(Kind.class);
    Map<Kind, Set<String>> known = new EnumMap<>(Kind.class);
    for (ProviderSet<?> kind : kinds) {
      usable.put(kind.kind(), kind.ids());
      known.put(kind.kind(), kind.knownIds());
      kind.accepted()
          .forEach(plugin ->
              declared.put(SettingValues.word(kind.kind()) + " " + plugin.id(), plugin.options()));
    }
    return new PluginOptions(declared, new PluginIds(usable, known));
  }

  /** Returns the settings that there are with these plug-ins. */
  public PluginOptions options() {
    return options;
  }

  /**
   * Returns the plug-ins on the module path and the class path. They are looked for once: neither
   * path changes, and providers have no state.
   */
  public static Registry installed() {
    return Installed.REGISTRY;
  }

  private static final class Installed {
    /** By the library's own class loader, not the thread's: the caller must make no difference. */
    static final Registry REGISTRY = in(Registry.class.getClassLoader());
  }

  /** Finds what a class loader sees. */
  public static Registry in(ClassLoader loader) {
    Objects.requireNonNull(loader, "class loader"); // The service loader takes null for another.
    return of(
        Services.in(loader, DeviceRuntime.class),
        Services.in(loader, IoBackend.class),
        Services.in(loader, Collective.class));
  }

  /** Finds what is in a layer and its parents. */
  public static Registry in(ModuleLayer layer) {
    return of(
        Services.in(layer, DeviceRuntime.class),
        Services.in(layer, IoBackend.class),
        Services.in(layer, Collective.class));
  }

  /** Takes what service loaders find; the runtime of host memory is always there. */
  public static Registry of(
      Iterator<DeviceRuntime> runtimes,
      Iterator<IoBackend> backends,
      Iterator<Collective> collectives) {
    Iterator<DeviceRuntime> builtIn = List.<DeviceRuntime>of(new HostRuntime()).iterator();
    return new Registry(
        ProviderSet.of(Kind.DEVICE, RUNTIME_IDS, Services.inTurn(builtIn, runtimes)),
        ProviderSet.of(Kind.BACKEND, BACKEND_IDS, backends),
        ProviderSet.of(Kind.COLLECTIVE, COLLECTIVE_IDS, collectives));
  }

  @Override
  public Registry with(Plugin... instances) {
    for (Plugin instance : instances) {
      if (!(instance instanceof DeviceRuntime
          || instance instanceof IoBackend
          || instance instanceof Collective)) {
        throw new IllegalArgumentException(
            "%s is no plug-in: want one that implements DeviceRuntime, IoBackend or Collective"
                .formatted(instance.getClass().getName()));
      }
    }
    return new Registry(
        runtimes.with(only(DeviceRuntime.class, instances)),
        backends.with(only(IoBackend.class, instances)),
        collectives.with(only(Collective.class, instances)));
  }

  private static <P> List<P> only(Class<P> kind, Plugin... instances) {
    return Arrays.stream(instances).filter(kind::isInstance).map(kind::cast).toList();
  }

  /** Returns the runtimes for a device, to be tried in order. */
  public Candidates<DeviceRuntime> runtimes(Device device) {
    return new Candidates<>(
        runtimes.only(runtime -> runtime.type().equals(device.type())),
        DeviceRuntime::probe,
        BackendChoice.FREE,
        "for device " + device + unknownType(device).map(fault -> ": " + fault).orElse(""));
  }

  /** Returns what is wrong with a type that no runtime has, not even one that isn't available. */
  private Optional<String> unknownType(Device device) {
    Set<String> known = new TreeSet<>(Set.of("cpu", "cuda"));
    runtimes.accepted().forEach(runtime -> known.add(runtime.provider().type()));
    String type = device.type();
    return known.contains(type)
        ? Optional.empty()
        : Optional.of(
            "no plug-in has devices of type '%s'; %s"
                .formatted(type, NearestNames.suggestion(type, known)));
  }

  /** Returns the runtime that a loader takes for a device. */
  public DeviceRuntime runtime(Device device) throws BackendUnavailableException {
    return runtimes(device).next();
  }

  @Override
  public List<Device> devices() {
    Set<Device> devices = new LinkedHashSet<>(Set.of(Device.CPU));
    for (RegisteredPlugin<DeviceRuntime> plugin : runtimes.accepted()) {
      if (plugin.probe(DeviceRuntime::probe) instanceof Available) {
        devices.addAll(devices(plugin.provider()));
      }
    }
    return List.copyOf(devices);
  }

  private static List<Device> devices(DeviceRuntime runtime) {
    try {
      return runtime.devices().stream().map(DeviceInfo::device).toList();
    } catch (LoadException | RuntimeException | LinkageError e) {
      LOG.log(Level.WARNING, "the devices of runtime " + runtime.id() + " can't be listed", e);
      return List.of();
    }
  }

  /** Returns the backends for a device, to be tried in order. */
  public Candidates<IoBackend> backends(Device device, BackendChoice choice) {
    return new Candidates<>(
        backends, backend -> backend.probe(device), choice, "to read files to " + device);
  }

  /** Returns the set that this thread works for: by default what is installed. */
  public static Registry current() {
    return CURRENT.isBound() ? CURRENT.get() : installed();
  }

  /** Joins a group by the collective that is selected for it. */
  public ProcessGroup join(GroupConfig config) throws LoadException {
    Collective collective = collectives(config).next();
    return ScopedValue.where(CURRENT, this).call(() -> ConnectedGroup.join(collective, config));
  }

  private Availability probe(Collective collective, Device device) {
    return ScopedValue.where(CURRENT, this).call(() -> collective.probe(device));
  }

  private Candidates<Collective> collectives(GroupConfig config) {
    Device device = config.device();
    return new Candidates<>(
        collectives,
        collective -> probe(collective, device),
        BackendChoice.of(config.collective()),
        "for groups on " + device);
  }

  /** Checks the collective that a group of one asks for, without need of it. */
  public void checkCollective(GroupConfig config) throws BackendUnavailableException {
    Optional<String> asked = config.collective();
    if (asked.isPresent() && !collectives.knownIds().contains(asked.get())) {
      var _ = collectives(config).next(); // It is there under no circumstances, and this says so.
    }
  }

  @Override
  public List<PluginReport> probe(Device device) {
    unknownType(device)
        .ifPresent(fault -> {
          throw new IllegalArgumentException("device '" + device + "': " + fault);
        });
    return reports(device);
  }

  /** Probes every plug-in, whatever the device. */
  public List<PluginReport> reports(Device device) {
    return Stream.of(
            report(runtimes, DeviceRuntime::probe),
            report(backends, backend -> backend.probe(device)),
            report(collectives, collective -> probe(collective, device)))
        .flatMap(reports -> reports)
        .toList();
  }

  /** Returns the plug-ins of each kind, the preferred first, and how many were refused. */
  @Override
  public String toString() {
    return Stream.of(runtimes, backends, collectives)
        .map(ProviderSet::toString)
        .collect(Collectors.joining("; ", "Plugins (", ")"));
  }

  private static <P extends Provider> Stream<PluginReport> report(
      ProviderSet<P> plugins, Function<P, Availability> probe) {
    return Stream.concat(
        plugins.accepted().stream().map(plugin -> plugin.report(plugin.probe(probe))),
        plugins.refused().stream());
  }
}
