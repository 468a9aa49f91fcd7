// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Part;
import io.fastsafetensors.internal.plan.PartCover;
import java.util.List;
import java.util.stream.Stream;

/**
 * A tensor of which this rank has something to save.
 *
 * @param spec the whole tensor, with the type of what is given
 * @param parts what this rank has of it
 */
record AddedTensor(TensorSpec spec, List<AddedPart> parts) {
  AddedTensor(TensorSpec spec, AddedPart part) {
    this(spec, List.of(part));
  }

  /**
   * Adds another part.
   *
   * @throws IllegalArgumentException if it is of another tensor, or of bytes that are there
   */
  AddedTensor with(TensorSpec other, AddedPart part) {
    if (!spec.equals(other)) {
      throw new IllegalArgumentException(
          "tensor %s was added before: %s can't be a part of it".formatted(spec, other));
    }
    if (parts.getFirst().isDeclared() || part.isDeclared()) {
      throw new IllegalArgumentException(
          "tensor %s was added before: a rank that declares a part has one".formatted(spec));
    }
    if (parts.stream().map(AddedPart::part).anyMatch(part.part()::equals)) {
      throw new IllegalArgumentException(
          "tensor %s: %s was added before".formatted(spec, text(part.part())));
    }
    return new AddedTensor(spec, Stream.concat(parts.stream(), Stream.of(part)).toList());
  }

  private static String text(Part part) {
    return part.isWhole() ? "all of it" : part.toString();
  }

  /** Returns what a rank has, by the parts. */
  Stream<PartCover.Held> held(int rank) {
    return parts.stream().map(part -> new PartCover.Held(rank, part.part()));
  }
}
