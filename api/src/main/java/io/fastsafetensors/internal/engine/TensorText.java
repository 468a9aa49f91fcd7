// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.internal.values.Excerpt;
import io.fastsafetensors.internal.values.ValueText;
import io.fastsafetensors.spi.Region;
import java.util.List;
import java.util.Optional;

/** A tensor as text: its values as torch shows them, then what it is. */
final class TensorText {
  private static final String START = "tensor(";

  private TensorText() {}

  /** Describes a tensor and shows some of its values; the caller keeps the memory meanwhile. */
  static String of(Piece piece) throws LoadException {
    return START + values(piece) + describe(piece);
  }

  /** Describes a tensor, and says why there are no values. */
  static String without(Piece piece, String reason) {
    return START + "<" + Printable.line(reason) + ">" + describe(piece);
  }

  private static String values(Piece piece) throws LoadException {
    TensorSpec spec = piece.spec();
    if (spec.shape().elements() == 0) {
      return "[]";
    }
    if (!ValueText.isKnown(spec.dtype())) {
      return "<packed>";
    }
    Optional<Excerpt> excerpt = Excerpt.of(spec.shape());
    if (excerpt.isEmpty()) {
      return "...";
    }
    long size = spec.dtype().byteSize(1);
    List<Region> parts =
        excerpt.get().runs().stream()
            .map(run -> piece.region().slice(run.start() * size, run.count() * size))
            .toList();
    return ValueText.of(
        spec.dtype(),
        excerpt.get(),
        Downloads.gather(piece.memory().context(), parts),
        START.length());
  }

  private static String describe(Piece piece) {
    TensorSpec spec = piece.spec();
    return ", name=%s, dtype=%s, shape=%s, device=%s)"
        .formatted(
            Printable.quote(spec.name()),
            spec.dtype(),
            spec.shape(),
            piece.memory().context().device());
  }
}
