// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.format.LoadException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Files that belong together by name: those of a numbered set, or one without a number.
 *
 * @param name the name of one of them
 * @param files the files, by name
 */
record ShardSet(WeightsName name, List<Path> files) {
  private static final int MOST_FAULTS = 16;

  /** Puts the files of each set together. */
  static List<ShardSet> of(List<Path> files) {
    Map<String, ShardSet> sets = new LinkedHashMap<>();
    for (Path file : files) {
      WeightsName name = WeightsName.of(FolderListing.name(file));
      sets.computeIfAbsent(name.set(), _ -> new ShardSet(name, new ArrayList<>())).files.add(file);
    }
    return List.copyOf(sets.values());
  }

  /** Tells the set from others, in a message. */
  String label() {
    String count = name.isNumbered() ? files.size() + " of " + name.total() + " files" : "";
    String variant = name.variant().isEmpty() ? "" : "variant '" + name.variant() + "'";
    String both = String.join(", ", List.of(count, variant)).replaceAll("^, |, $", "");
    return name.set() + (both.isEmpty() ? "" : " (" + both + ")");
  }

  /** Returns what lacks of a numbered set, whether it is numbered from 0 or from 1. */
  List<LoadException> faults(FolderListing listing) {
    Map<Integer, Path> numbers = new TreeMap<>();
    List<LoadException> faults = new ArrayList<>();
    for (Path file : files) {
      Path other =
          numbers.put(Integer.parseInt(WeightsName.of(FolderListing.name(file)).number()), file);
      if (other != null) {
        faults.add(new LoadException(other + " and " + file + " have the same number"));
      }
    }
    int first = numbers.containsKey(0) ? 0 : 1;
    int last = first + name.total() - 1;
    numbers.forEach((number, file) -> {
      if (number > last) {
        faults.add(
            new LoadException(
                "%s: its number is too large: its set is numbered from %s to %s"
                    .formatted(file, first, last)));
      }
    });
    for (int i = first; i <= last && faults.size() < MOST_FAULTS; i++) {
      if (!numbers.containsKey(i)) {
        faults.add(missing(listing, i, faults.isEmpty()));
      }
    }
    return faults;
  }

  private LoadException missing(FolderListing listing, int number, boolean isFirst) {
    return new LoadException(
        "%s is missing: %s of the %s files of its set are there%s"
            .formatted(
                listing.folder().resolve(name.numbered(number)),
                files.size(),
                name.total(),
                isFirst ? UnfinishedDownloads.hint(listing.folder(), listing.leftovers()) : ""));
  }
}
