// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.CheckpointWriter;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.Selection;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.TensorInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which tensors of checkpoints go into a new one, under which names, in their order.
 *
 * @param selection which ones
 * @param tensors what their files say of them
 * @param newNames their new names, by the old ones
 */
record RenamedTensors(Selection selection, List<TensorInfo> tensors, Map<String, String> newNames) {
  /**
   * Chooses tensors and names by what the command line says.
   *
   * @throws IllegalArgumentException if a rule does nothing, two tensors would have one name, or
   *     none is left
   */
  static RenamedTensors of(
      Loader loader, List<String> selected, List<String> excluded, List<NameChange> changes)
      throws LoadException {
    List<TensorInfo> all = loader.tensors();
    Selection selection = selection(selected, excluded);
    List<String> unmatched = selection.unmatched(all);
    if (!unmatched.isEmpty()) {
      throw new IllegalArgumentException(
          "no tensor has a name that matches %s".formatted(String.join(", ", unmatched)));
    }
    List<TensorInfo> wanted =
        all.stream().filter(tensor -> !selection.part(tensor).isNone()).toList();
    if (wanted.isEmpty() && !all.isEmpty()) {
      throw new IllegalArgumentException(
          "of %s tensors none is left: each is excluded".formatted(all.size()));
    }
    return new RenamedTensors(selection, wanted, renamed(wanted, changes));
  }

  private static Selection selection(List<String> selected, List<String> excluded) {
    Selection.Builder selection = Selection.builder();
    excluded.forEach(glob -> selection.part(glob, Part.none()));
    selected.forEach(glob -> selection.part(glob, Part.whole()));
    return selection.otherwise(selected.isEmpty() ? Part.whole() : Part.none()).build();
  }

  private static Map<String, String> renamed(List<TensorInfo> tensors, List<NameChange> changes) {
    List<NameChange> idle = new ArrayList<>(changes);
    Map<String, String> newNames = new LinkedHashMap<>();
    Map<String, String> oldNames = new LinkedHashMap<>();
    for (TensorInfo tensor : tensors) {
      String name = tensor.name();
      for (NameChange change : changes) {
        String changed = change.of(name);
        if (!changed.equals(name)) {
          idle.remove(change);
        }
        name = changed;
      }
      newNames.put(tensor.name(), name);
      String other = oldNames.put(name, tensor.name());
      if (other != null) {
        throw new IllegalArgumentException(
            "--rename: %s and %s would both be %s"
                .formatted(
                    Printing.oneLine(other),
                    Printing.oneLine(tensor.name()),
                    Printing.oneLine(name)));
      }
    }
    if (!idle.isEmpty()) {
      throw new IllegalArgumentException("--rename: " + idle.getFirst() + " changes no name");
    }
    return newNames;
  }

  String newName(String name) {
    return newNames.getOrDefault(name, name);
  }

  void declareTo(CheckpointWriter writer) {
    for (TensorInfo tensor : tensors) {
      writer.declare(newName(tensor.name()), tensor.dtype(), tensor.shape());
    }
  }
}
