// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.convert.Conversions;
import io.fastsafetensors.internal.plan.Parts;
import io.fastsafetensors.internal.plan.Slice;
import io.fastsafetensors.internal.save.Content;
import io.fastsafetensors.internal.save.Extent;
import io.fastsafetensors.internal.save.SavedTensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tensor of the new checkpoint.
 *
 * @param spec the whole tensor, with the type of what is given
 * @param declared the part that is brought to this rank; null if none is
 * @param written which of its parts this rank writes
 */
record AgreedTensor(TensorSpec spec, @Nullable AddedPart declared, List<AddedPart> written) {
  /**
   * Makes what is written of it.
   *
   * @param to its type in the file
   * @param held takes what has to be closed after the save
   * @throws IllegalArgumentException if it can't be converted
   * @throws IllegalStateException if a tensor has ended
   */
  SavedTensor saved(DType to, List<TensorContent> held) {
    if (!Conversions.canConvert(spec.dtype(), to)) {
      throw new IllegalArgumentException(
          "tensor %s: there is no conversion from %s to %s".formatted(spec, spec.dtype(), to));
    }
    TensorSpec saved = spec.as(to);
    List<Extent> extents = new ArrayList<>(written.size());
    for (AddedPart part : written) {
      add(part, part.content(spec.dtype(), to, held), saved, extents);
    }
    return new SavedTensor(spec.name(), to, spec.shape().dims(), saved.bytes(), extents);
  }

  private static void add(AddedPart part, Content content, TensorSpec saved, List<Extent> extents) {
    if (part.part().isWhole()) {
      extents.add(new Extent("", 0, saved.bytes(), content));
      return;
    }
    Slice slice = new Parts(saved.name(), saved.dtype(), saved.shape()).slice(part.part(), 1, 0);
    for (Slice.PartRows partRows : slice.partRows()) {
      Slice.Rows rows = partRows.rows();
      extents.add(
          new Extent(
              "",
              rows.offset(),
              rows.rows(),
              rows.rowBytes(),
              rows.pitch(),
              content,
              partRows.to()));
    }
  }
}
