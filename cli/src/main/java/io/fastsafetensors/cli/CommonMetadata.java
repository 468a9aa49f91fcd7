// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.format.SafetensorsHeader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The metadata of several files as one. */
final class CommonMetadata {
  private CommonMetadata() {}

  /**
   * Returns the entries of all files, and those that are given, which count before them.
   *
   * @throws IllegalArgumentException if files have different values, and none is given
   */
  static Map<String, String> of(List<SafetensorsHeader> files, Map<String, String> given) {
    Map<String, String> all = new LinkedHashMap<>(given);
    Map<String, SafetensorsHeader> origins = new LinkedHashMap<>();
    for (SafetensorsHeader file : files) {
      for (Map.Entry<String, String> entry : file.metadata().entrySet()) {
        String key = entry.getKey();
        String known = all.putIfAbsent(key, entry.getValue());
        SafetensorsHeader origin = origins.putIfAbsent(key, file);
        if (origin != null && !given.containsKey(key) && !entry.getValue().equals(known)) {
          throw new IllegalArgumentException(
              "metadata %s has different values in %s and %s: give one by --metadata %s=VALUE"
                  .formatted(
                      Printing.oneLine(key), origin.path(), file.path(), Printing.oneLine(key)));
        }
      }
    }
    return all;
  }
}
