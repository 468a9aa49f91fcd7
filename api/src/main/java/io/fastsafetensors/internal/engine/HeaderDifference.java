// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import java.util.HashMap;
import java.util.Map;

/** Says how two headers of what should be one file differ. */
final class HeaderDifference {
  private HeaderDifference() {}

  /**
   * Finds the first difference.
   *
   * @param there the header as the file's owner has it
   * @param here the header as this rank has it
   * @return the difference, in words; empty if there is none
   */
  static String of(SafetensorsHeader there, SafetensorsHeader here) {
    if (there.fileSize() != here.fileSize()) {
      return "it has %s bytes there, %s bytes here".formatted(there.fileSize(), here.fileSize());
    }
    if (there.equals(here)) {
      return "";
    }
    Map<String, TensorInfo> own = new HashMap<>();
    here.tensors().forEach(tensor -> own.put(tensor.name(), tensor));
    for (TensorInfo tensor : there.tensors()) {
      TensorInfo other = own.remove(tensor.name());
      if (!tensor.equals(other)) {
        return "it has tensor %s there, %s here"
            .formatted(text(tensor), other == null ? "none of that name" : text(other));
      }
    }
    return own.isEmpty()
        ? "it has the same tensors, but other metadata or places of data"
        : "it has tensor %s only here".formatted(text(own.values().iterator().next()));
  }

  private static String text(TensorInfo tensor) {
    return "%s at bytes %s to %s of the data".formatted(tensor, tensor.begin(), tensor.end());
  }
}
