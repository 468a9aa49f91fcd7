// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.checkpoint;

import io.fastsafetensors.internal.save.SavedTensor;
import java.util.ArrayList;
import java.util.List;

/** Splits tensors into files as Hugging Face's tools do. */
public final class ShardSplit {
  private ShardSplit() {}

  /**
   * Splits tensors.
   *
   * @param tensors in order
   * @param most how many bytes of tensors a file may have; a larger tensor has a file of its own
   * @return the tensors of each file; one empty file if there are none
   */
  public static List<List<SavedTensor>> of(List<SavedTensor> tensors, long most) {
    List<List<SavedTensor>> files = new ArrayList<>();
    List<SavedTensor> open = new ArrayList<>();
    long bytes = 0;
    for (SavedTensor tensor : tensors) {
      if (tensor.bytes() > most) {
        files.add(List.of(tensor));
        continue;
      }
      if (tensor.bytes() > most - bytes) {
        files.add(open);
        open = new ArrayList<>();
        bytes = 0;
      }
      open.add(tensor);
      bytes += tensor.bytes();
    }
    if (!open.isEmpty() || files.isEmpty()) {
      files.add(open);
    }
    return files;
  }
}
