// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.engine.DefaultEngine;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the static methods of this package are made of. Programs call those instead; the only
 * implementation is this library's own, which {@link java.util.ServiceLoader} finds so that this
 * package depends on none.
 *
 * @since 0.1
 */
public sealed interface Engine permits DefaultEngine {
  /**
   * Starts a loader.
   *
   * @return a builder
   * @see Loader#builder()
   */
  Loader.Builder loader();

  /**
   * Finds plug-ins.
   *
   * @return those of this library's own class loader
   * @see Plugins#installed()
   */
  Plugins installed();

  /**
   * Finds plug-ins.
   *
   * @param layer the layer
   * @return those of a layer and its parents
   * @see Plugins#in(ModuleLayer)
   */
  Plugins plugins(ModuleLayer layer);

  /**
   * Finds plug-ins.
   *
   * @param loader the class loader
   * @return those that a class loader sees
   * @see Plugins#in(ClassLoader)
   */
  Plugins plugins(ClassLoader loader);

  /**
   * Makes a group of threads.
   *
   * @param size how many ranks
   * @param timeout how long a call may wait for the other ranks
   * @return one group a rank
   * @see ProcessGroup#local(int, Duration)
   */
  List<ProcessGroup> local(int size, Duration timeout);

  /**
   * Joins a group of processes; blocks until all are there.
   *
   * @param config who and where the ranks are
   * @param plugins where the collective is
   * @return the group
   * @throws LoadException as of {@link ProcessGroup#join(GroupConfig, Plugins)}
   * @see ProcessGroup#join(GroupConfig, Plugins)
   */
  ProcessGroup join(GroupConfig config, Plugins plugins) throws LoadException;

  /**
   * Joins the group that a launcher started this process in; blocks until all are there.
   *
   * @param device where this rank's tensors live, with or without an index
   * @param plugins where the collective and the devices are
   * @return the group
   * @throws LoadException as of {@link ProcessGroup#join(GroupConfig, Plugins)}
   * @see ProcessGroup#fromEnvironment(String, Plugins)
   */
  ProcessGroup fromEnvironment(String device, Plugins plugins) throws LoadException;

  /**
   * Finds a checkpoint.
   *
   * @param path a file, an index or a folder
   * @param variant which of a folder's; empty is the one that its names tell
   * @return the checkpoint
   * @throws LoadException as of {@link Checkpoint#find(Path)}
   * @see Checkpoint#find(Path, String)
   */
  Checkpoint checkpoint(Path path, Optional<String> variant) throws LoadException;

  /**
   * Finds all that could be meant by a folder.
   *
   * @param folder the folder
   * @return the checkpoints
   * @throws LoadException as of {@link Checkpoint#allIn}
   * @see Checkpoint#allIn(Path)
   */
  List<Checkpoint> checkpoints(Path folder) throws LoadException;

  /**
   * Makes a tensor of memory that is there.
   *
   * @param name its name
   * @param dtype the element type
   * @param shape the dimensions
   * @param segment the elements
   * @return the tensor
   * @see Tensor#of
   */
  Tensor tensor(String name, DType dtype, Shape shape, MemorySegment segment);

  /**
   * Finds what is in force.
   *
   * @param plugins the plug-ins
   * @return all settings
   * @see Configuration#inForce(Plugins)
   */
  Configuration configuration(Plugins plugins);

  /**
   * Sets what is set from outside of the program.
   *
   * @param builder a builder that nobody has changed
   * @return the builder
   * @throws IllegalArgumentException if something is malformed; it says where it was set
   * @see LoadOptions#builder()
   */
  LoadOptions.Builder configure(LoadOptions.Builder builder);

  /**
   * Sets what is set from outside of the program.
   *
   * @param builder a builder
   * @param environment the environment variables of this process
   * @return the builder
   * @throws IllegalArgumentException if something is malformed; it says where it was set
   * @see GroupConfig#fromEnvironment()
   */
  GroupConfig.Builder configure(GroupConfig.Builder builder, Map<String, String> environment);

  /**
   * Makes a writer.
   *
   * @return a writer without tensors
   * @see CheckpointWriter#create()
   */
  CheckpointWriter checkpointWriter();

  /**
   * Makes a writer of a rank.
   *
   * @param group the ranks
   * @return a writer without tensors
   * @see CheckpointWriter#create(ProcessGroup)
   */
  CheckpointWriter checkpointWriter(ProcessGroup group);
}
