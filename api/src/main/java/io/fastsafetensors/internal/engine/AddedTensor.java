// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.convert.Conversions;
import io.fastsafetensors.internal.save.Content;
import io.fastsafetensors.internal.save.MemoryContent;
import io.fastsafetensors.internal.save.SavedTensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor that is to be saved.
 *
 * @param name its name
 * @param dtype the type of what is given
 * @param shape its dimensions
 * @param given what gives its bytes
 */
record AddedTensor(String name, DType dtype, Shape shape, Given given) {
  /** What gives a tensor's bytes. */
  sealed interface Given {
    /** A tensor of any device. */
    record OfTensor(Tensor tensor) implements Given {}

    /** Memory of the caller's. */
    record OfMemory(MemorySegment bytes) implements Given {}

    /** What is asked once. */
    record OfSource(SafetensorsWriter.Source source) implements Given {}

    /** Bytes that are brought. */
    enum Declared implements Given {
      /** The only one. */
      LATER
    }
  }

  boolean isDeclared() {
    return given == Given.Declared.LATER;
  }

  long bytes() {
    return dtype.byteSize(shape.elements());
  }

  /**
   * Makes what is written of it.
   *
   * @param to its type in the file
   * @param held takes what has to be closed after the save
   * @throws IllegalArgumentException if it can't be converted
   * @throws IllegalStateException if it is a tensor that has ended
   */
  SavedTensor saved(DType to, List<TensorContent> held) {
    if (!Conversions.canConvert(dtype, to)) {
      throw new IllegalArgumentException(
          "tensor %s: there is no conversion from %s to %s".formatted(this, dtype, to));
    }
    return new SavedTensor(
        name, to, shape.dims(), to.byteSize(shape.elements()), content(to, held));
  }

  private Content content(DType to, List<TensorContent> held) {
    return switch (given) {
      case Given.OfTensor tensor -> {
        TensorContent content = TensorContent.hold(tensor.tensor());
        held.add(content);
        yield converted(content, to);
      }
      case Given.OfMemory memory -> converted(new MemoryContent(memory.bytes()), to);
      case Given.OfSource source -> {
        Content.Pushed pushed = source.source()::writeTo;
        yield to == dtype ? pushed : ConvertingChannel.converted(pushed, dtype, to);
      }
      case Given.Declared _ -> Content.Arriving.BYTES;
    };
  }

  /** Returns bytes of this tensor as they are in the file. */
  Content.Placed converted(Content.Placed bytes, DType to) {
    return to == dtype ? bytes : new ConvertedContent(bytes, dtype, to);
  }

  /** Returns name, type and shape, for messages. */
  @Override
  public String toString() {
    return new TensorSpec(name, dtype, shape).toString();
  }
}
