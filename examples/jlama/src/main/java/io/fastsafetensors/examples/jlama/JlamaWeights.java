// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.jlama;

import com.github.tjake.jlama.model.DistributedContext;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.TensorInfo;
import com.github.tjake.jlama.safetensors.WeightLoader;
import com.github.tjake.jlama.safetensors.Weights;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.TensorShape;
import com.github.tjake.jlama.util.Pair;
import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.OpenCheckpoint;
import io.fastsafetensors.Part;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Weights of a checkpoint for Jlama, read when it asks for them: of a shard of rows only its rows.
 * What Jlama got lives until this is closed, after its model.
 */
public final class JlamaWeights implements WeightLoader {
  private final OpenCheckpoint checkpoint;
  private final Map<String, TensorInfo> infos = new TreeMap<>();
  private final List<Tensor> held = Collections.synchronizedList(new ArrayList<>());

  private JlamaWeights(OpenCheckpoint checkpoint) {
    this.checkpoint = checkpoint;
    checkpoint.tensors().forEach(tensor -> infos.put(tensor.name(), JlamaTensors.info(tensor)));
  }

  /**
   * Opens a checkpoint.
   *
   * @param path a file, an index, or a folder
   * @return its weights; nothing is read but headers
   * @throws LoadException if it can't be opened
   */
  public static JlamaWeights open(Path path) throws LoadException {
    LoadOptions mapped = LoadOptions.builder().path(AccessPath.MAPPED).build(); // Jlama only reads
    return new JlamaWeights(Checkpoint.find(path).open(mapped, Plugins.installed()));
  }

  @Override
  public Map<String, String> metadata() {
    return Map.of();
  }

  @Override
  public Map<String, TensorInfo> tensorInfoMap() {
    return Collections.unmodifiableMap(infos);
  }

  @Override
  public DType getModelDType() {
    return Weights.findDType(infos);
  }

  @Override
  public AbstractTensor<?, ?> load(
      String name,
      @Nullable DistributedContext context,
      boolean sparseRows,
      boolean sparseColumns) {
    int[] dims = JlamaTensors.info(checkpoint.info(name)).shape;
    TensorShape shape = TensorShape.of(dims);
    Part part = Part.whole();
    if (sparseRows && context != null) {
      int first = context.getShardOffsetForLength(shape.first());
      int count = context.getShardLength(shape.first());
      part = Part.slice(0, first, first + count);
      shape = TensorShape.sparseRow(dims, Pair.of(first, count));
    }
    AbstractTensor<?, ?> tensor = tensor(name, part, shape);
    if (sparseColumns && context != null && context.hasModelShard()) {
      int columns = shape.last();
      return tensor.sparsify(
          context.getShardOffsetForLength(columns), context.getShardLength(columns));
    }
    return tensor;
  }

  private AbstractTensor<?, ?> tensor(String name, Part part, TensorShape shape) {
    try {
      Tensor tensor = checkpoint.read(name, part);
      held.add(tensor);
      return JlamaTensors.of(tensor, shape, getModelDType(), () -> load(name + ".qb"));
    } catch (LoadException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    checkpoint.close();
    held.forEach(Tensor::close);
  }
}
