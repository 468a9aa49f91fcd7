// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.CheckpointWriter;
import io.fastsafetensors.Configuration;
import io.fastsafetensors.Device;
import io.fastsafetensors.Engine;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.config.GroupSettings;
import io.fastsafetensors.internal.config.LoadSettings;
import io.fastsafetensors.internal.config.Sources;
import io.fastsafetensors.internal.group.ConnectedGroup;
import io.fastsafetensors.internal.plan.CheckpointFiles;
import io.fastsafetensors.internal.registry.Registry;
import io.fastsafetensors.toolkit.group.Transports;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Where the API's static methods meet what implements it. */
public final class DefaultEngine implements Engine {
  /** Called by the service loader. */
  public DefaultEngine() {}

  @Override
  public Loader.Builder loader() {
    return new DefaultLoaderBuilder();
  }

  @Override
  public Plugins installed() {
    return Registry.installed();
  }

  @Override
  public Plugins plugins(ModuleLayer layer) {
    return Registry.in(layer);
  }

  @Override
  public Plugins plugins(ClassLoader loader) {
    return Registry.in(loader);
  }

  @Override
  public List<ProcessGroup> local(int size, Duration timeout) {
    return ConnectedGroup.local(size, timeout);
  }

  @Override
  public ProcessGroup join(GroupConfig config, Plugins plugins) throws LoadException {
    Registry registry = (Registry) plugins;
    if (config.size() == 1) {
      registry.checkCollective(config);
      return ConnectedGroup.alone(config);
    }
    return registry.join(config);
  }

  @Override
  public ProcessGroup fromEnvironment(String device, Plugins plugins) throws LoadException {
    Optional<GroupConfig> config = GroupConfig.fromEnvironment();
    int localRank = config.map(GroupConfig::localRank).orElse(0);
    Device own = ownDevice(device, localRank, plugins::devices);
    return config.isPresent()
        ? join(config.get().toBuilder().device(own).build(), plugins)
        : ConnectedGroup.alone(own);
  }

  /**
   * A rank's device has its number on the host; but where the launcher shows each rank a device of
   * its own, that is device 0 to all of them.
   *
   * @param text {@code TYPE:INDEX}, or a type
   * @param visible finds all devices, which may take long
   */
  static Device ownDevice(String text, int localRank, Supplier<List<Device>> visible) {
    Device first = Device.parse(text);
    Device own = Device.parse(text, localRank);
    return own.equals(first) || isTheOnlyOne(first, visible.get()) ? first : own;
  }

  private static boolean isTheOnlyOne(Device device, List<Device> visible) {
    return visible.stream()
        .filter(other -> other.type().equals(device.type()))
        .toList()
        .equals(List.of(device));
  }

  @Override
  public Checkpoint checkpoint(Path path, Optional<String> variant) throws LoadException {
    return new DefaultCheckpoint(CheckpointFiles.find(path, variant));
  }

  @Override
  public List<Checkpoint> checkpoints(Path folder) throws LoadException {
    return CheckpointFiles.allIn(folder).stream().<Checkpoint>map(DefaultCheckpoint::new).toList();
  }

  @Override
  public Tensor tensor(String name, DType dtype, Shape shape, MemorySegment segment) {
    return DefaultTensor.view(SegmentBuffer.piece(new TensorSpec(name, dtype, shape), segment));
  }

  @Override
  public Configuration configuration(Plugins plugins) {
    return ((Registry) plugins).options().configuration();
  }

  @Override
  public LoadOptions.Builder configure(LoadOptions.Builder builder) {
    return LoadSettings.apply(builder, Sources.current());
  }

  @Override
  public GroupConfig.Builder configure(
      GroupConfig.Builder builder, Map<String, String> environment) {
    return GroupSettings.apply(builder, Sources.of(environment));
  }

  @Override
  public CheckpointWriter checkpointWriter() {
    return DefaultCheckpointWriter.alone();
  }

  @Override
  public CheckpointWriter checkpointWriter(ProcessGroup group) {
    return DefaultCheckpointWriter.of(Transports.of(group));
  }
}
