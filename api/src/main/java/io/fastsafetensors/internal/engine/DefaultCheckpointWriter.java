// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.CheckpointSave;
import io.fastsafetensors.CheckpointWriter;
import io.fastsafetensors.Part;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.engine.AddedPart.Given;
import io.fastsafetensors.internal.save.TensorSet;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Transports;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Keeps what is to be saved, in order. */
public final class DefaultCheckpointWriter implements CheckpointWriter {
  private final TensorSet<AddedTensor> tensors = new TensorSet<>();
  private final Transport group;
  private final boolean isByName;

  private DefaultCheckpointWriter(Transport group, boolean isByName) {
    this.group = group;
    this.isByName = isByName;
  }

  /** Makes a writer of one process, which keeps the order. */
  static CheckpointWriter alone() {
    return new DefaultCheckpointWriter(Transports.single(), false);
  }

  /** Makes a rank's writer. */
  static CheckpointWriter of(Transport group) {
    return new DefaultCheckpointWriter(group, true);
  }

  @Override
  public CheckpointWriter add(String name, Tensor tensor) {
    return add(name, tensor.dtype(), tensor.shape(), new Given.OfTensor(tensor));
  }

  @Override
  public CheckpointWriter add(String name, DType dtype, Shape shape, MemorySegment given) {
    tensors.checkedSize(
        name, type(dtype, shape), () -> dtype.byteSize(shape.elements()), given.byteSize());
    return add(name, dtype, shape, new Given.OfMemory(given));
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
    TensorSpec spec = new TensorSpec(name, dtype, shape);
    long size = tensors.size(name, type(dtype, shape), spec::bytes);
    tensors.add(name, size, new AddedTensor(spec, AddedPart.of(spec, Part.whole(), 1, 0, given)));
    return this;
  }

  private static String type(DType dtype, Shape shape) {
    return dtype + " " + shape;
  }

  @Override
  public CheckpointWriter addPart(String name, Shape whole, Part part, Tensor tensor) {
    AddedPart added =
        part(new TensorSpec(name, tensor.dtype(), whole), part, new Given.OfTensor(tensor));
    if (!added.shape().equals(tensor.shape())) {
      throw TensorSet.refused(
          name,
          "%s of %s is %s, what is given is %s"
              .formatted(part, type(tensor.dtype(), whole), added.shape(), tensor.shape()));
    }
    return addPart(new TensorSpec(name, tensor.dtype(), whole), added);
  }

  @Override
  public CheckpointWriter addPart(
      String name, DType dtype, Shape whole, Part part, MemorySegment bytes) {
    TensorSpec spec = new TensorSpec(name, dtype, whole);
    AddedPart added = part(spec, part, new Given.OfMemory(bytes));
    long size = dtype.byteSize(added.shape().elements());
    if (size != bytes.byteSize()) {
      throw TensorSet.refused(
          name,
          "%s of %s takes %s bytes, not %s"
              .formatted(part, type(dtype, whole), size, bytes.byteSize()));
    }
    return addPart(spec, added);
  }

  @Override
  public CheckpointWriter declarePart(String name, DType dtype, Shape whole, Part part) {
    TensorSpec spec = new TensorSpec(name, dtype, whole);
    return addPart(spec, part(spec, part, Given.Declared.LATER));
  }

  private AddedPart part(TensorSpec spec, Part part, Given given) {
    var _ = tensors.size(spec.name(), type(spec.dtype(), spec.shape()), spec::bytes);
    return AddedPart.of(spec, part, group.size(), group.rank(), given);
  }

  private CheckpointWriter addPart(TensorSpec spec, AddedPart part) {
    long size = spec.dtype().byteSize(part.shape().elements());
    Optional<AddedTensor> known = tensors.find(spec.name());
    if (known.isPresent()) {
      known.get().add(spec, part);
      tensors.grow(size);
    } else {
      tensors.add(spec.name(), size, new AddedTensor(spec, part));
    }
    return this;
  }

  @Override
  public CheckpointSave begin(Path target, SaveOptions options) throws IOException {
    List<AddedTensor> added = List.copyOf(tensors.all());
    SaveStart start = new SaveStart(new SaveRanks(group, options), target, options);
    return isByName ? start.byName(added) : start.asAdded(added);
  }
}
