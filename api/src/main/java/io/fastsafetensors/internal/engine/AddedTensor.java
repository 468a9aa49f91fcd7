// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Part;
import io.fastsafetensors.internal.plan.PartCover;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A tensor of which this rank has something to save; not thread-safe. */
final class AddedTensor {
  private final TensorSpec spec;
  private final List<AddedPart> parts = new ArrayList<>();
  private final Set<Part> known = new HashSet<>();

  /**
   * Makes one of which this rank has a part.
   *
   * @param spec the whole tensor, with the type of what is given
   */
  AddedTensor(TensorSpec spec, AddedPart part) {
    this.spec = spec;
    parts.add(part);
    known.add(part.part());
  }

  TensorSpec spec() {
    return spec;
  }

  /** Returns what this rank has of it; unmodifiable. */
  List<AddedPart> parts() {
    return Collections.unmodifiableList(parts);
  }

  /** Returns the part that is brought; null if what this rank has is there. */
  @Nullable AddedPart declared() {
    AddedPart first = parts.getFirst();
    return first.isDeclared() ? first : null;
  }

  /**
   * Adds another part.
   *
   * @throws IllegalArgumentException if it is of another tensor, or of bytes that are there
   */
  void add(TensorSpec other, AddedPart part) {
    if (!spec.equals(other)) {
      throw new IllegalArgumentException(
          "tensor %s was added before: %s can't be a part of it".formatted(spec, other));
    }
    if (declared() != null || part.isDeclared()) {
      throw new IllegalArgumentException(
          "tensor %s was added before: a rank that declares a part has one".formatted(spec));
    }
    if (!known.add(part.part())) {
      throw new IllegalArgumentException(
          "tensor %s: %s was added before".formatted(spec, text(part.part())));
    }
    parts.add(part);
  }

  private static String text(Part part) {
    return part.isWhole() ? "all of it" : part.toString();
  }

  /** Returns what a rank has, by the parts. */
  Stream<PartCover.Held> held(int rank) {
    return parts.stream().map(part -> new PartCover.Held(rank, part.part()));
  }
}
