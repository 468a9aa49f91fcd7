// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Part;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.Parts;
import io.fastsafetensors.internal.save.Content;
import io.fastsafetensors.internal.save.MemoryContent;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * What this rank has of a tensor that is to be saved.
 *
 * @param part which part of it: whole, or a slice
 * @param shape the part's
 * @param given what gives its bytes
 */
record AddedPart(Part part, Shape shape, Given given) {
  /** What gives bytes. */
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

  /**
   * Makes a rank's part.
   *
   * @throws IllegalArgumentException if the tensor has no such part
   */
  static AddedPart of(TensorSpec tensor, Part part, int ranks, int rank, Given given) {
    Parts parts = new Parts(tensor.name(), tensor.dtype(), tensor.shape());
    Part own =
        switch (part.kind()) {
          case WHOLE, SHARD, SLICE -> parts.resolved(part, ranks, rank);
          case NONE, ROWS ->
              throw new IllegalArgumentException(
                  "tensor %s: %s can't be saved: give all of it, a shard or a slice"
                      .formatted(tensor, part));
        };
    Shape shape = own.isWhole() ? tensor.shape() : parts.slice(own, 1, 0).shape();
    return new AddedPart(own, shape, given);
  }

  boolean isDeclared() {
    return given == Given.Declared.LATER;
  }

  /**
   * Returns the bytes as they are in the file.
   *
   * @param from the type of what is given
   * @param to the type in the file
   * @param held takes what has to be closed after the save
   * @throws IllegalStateException if it is a tensor that has ended
   */
  Content content(DType from, DType to, List<TensorContent> held) {
    return switch (given) {
      case Given.OfTensor tensor -> {
        TensorContent content = TensorContent.hold(tensor.tensor());
        held.add(content);
        yield ConvertedContent.of(content, from, to);
      }
      case Given.OfMemory memory ->
          ConvertedContent.of(new MemoryContent(memory.bytes()), from, to);
      case Given.OfSource source -> {
        Content.Pushed pushed = source.source()::writeTo;
        yield to == from ? pushed : ConvertingChannel.converted(pushed, from, to);
      }
      case Given.Declared _ -> Content.Arriving.BYTES;
    };
  }
}
