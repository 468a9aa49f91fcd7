// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.CheckpointSave;
import io.fastsafetensors.CheckpointWriter;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.engine.AddedTensor.Given;
import io.fastsafetensors.internal.save.TensorSet;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/** Keeps what is to be saved, in order. */
public final class DefaultCheckpointWriter implements CheckpointWriter {
  private final TensorSet<AddedTensor> tensors = new TensorSet<>();

  @Override
  public CheckpointWriter add(String name, Tensor tensor) {
    return add(name, tensor.dtype(), tensor.shape(), new Given.OfTensor(tensor));
  }

  @Override
  public CheckpointWriter add(String name, DType dtype, Shape shape, MemorySegment given) {
    AddedTensor tensor = new AddedTensor(name, dtype, shape, new Given.OfMemory(given));
    tensors.add(
        name,
        tensors.checkedSize(name, dtype + " " + shape, tensor::bytes, given.byteSize()),
        tensor);
    return this;
  }

  @Override
  public CheckpointWriter add(
      String name, DType dtype, Shape shape, SafetensorsWriter.Source source) {
    return source instanceof Tensor tensor
            && tensor.dtype() == dtype
            && tensor.shape().equals(shape)
        ? add(name, tensor)
        : add(name, dtype, shape, new Given.OfSource(source));
  }

  @Override
  public CheckpointWriter declare(String name, DType dtype, Shape shape) {
    return add(name, dtype, shape, Given.Declared.LATER);
  }

  private CheckpointWriter add(String name, DType dtype, Shape shape, Given given) {
    AddedTensor tensor = new AddedTensor(name, dtype, shape, given);
    tensors.add(name, tensors.size(name, dtype + " " + shape, tensor::bytes), tensor);
    return this;
  }

  @Override
  public CheckpointSave begin(Path target, SaveOptions options) throws IOException {
    return DefaultCheckpointSave.begin(List.copyOf(tensors.all()), target, options);
  }
}
