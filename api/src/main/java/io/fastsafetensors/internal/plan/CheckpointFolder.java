// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.format.LoadException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Decides which checkpoint a folder is: what its index names; without one a complete numbered set;
 * without that its single files. More than one of a kind is an error, unless a variant decides.
 */
final class CheckpointFolder {
  /** Mistral's own copy of what stands beside it under Hugging Face's names. */
  private static final String CONSOLIDATED = "consolidated";

  private final FolderListing listing;
  private final List<ShardSet> sets;

  CheckpointFolder(FolderListing listing) {
    this.listing = listing;
    this.sets = ShardSet.of(listing.weights());
  }

  /**
   * Finds the checkpoint that the folder is, or the one of a variant.
   *
   * @throws LoadException if there is none, or more than one
   */
  FoundCheckpoint find(Optional<String> variant) throws LoadException {
    List<Path> indexes =
        listing.indexes().stream()
            .filter(index -> variant.isEmpty() || variant.get().equals(variant(index)))
            .toList();
    if (indexes.size() > 1) {
      throw several(indexes.stream().map(CheckpointFolder::label).toList());
    }
    if (indexes.size() == 1) {
      return FoundCheckpoint.ofIndex(listing.folder(), indexes.getFirst(), listing);
    }
    List<ShardSet> wanted =
        sets.stream().filter(set -> variant.isEmpty() || isOf(set, variant.get())).toList();
    if (wanted.isEmpty()) {
      throw nothing(variant);
    }
    if (areSeveral(wanted)) {
      throw several(wanted.stream().map(ShardSet::label).toList());
    }
    boolean single = wanted.stream().noneMatch(set -> set.name().isNumbered());
    return found(listing.folder(), wanted, single ? missed(variant) : List.of());
  }

  /** Finds each index, each numbered set, and the other files. */
  List<FoundCheckpoint> all() {
    List<FoundCheckpoint> all = new ArrayList<>();
    listing.indexes().forEach(index -> all.add(FoundCheckpoint.ofIndex(index, index, listing)));
    List<ShardSet> singles = new ArrayList<>();
    for (ShardSet set : sets) {
      if (set.name().isNumbered()) {
        all.add(found(listing.folder().resolve(set.name().set()), List.of(set), List.of()));
      } else {
        singles.add(set);
      }
    }
    boolean isAll = all.isEmpty();
    all.add(found(listing.folder(), singles, isAll ? missed(Optional.empty()) : List.of()));
    return all;
  }

  private boolean areSeveral(List<ShardSet> wanted) {
    if (wanted.size() > 1 && wanted.stream().anyMatch(set -> set.name().isNumbered())) {
      return true;
    }
    boolean consolidated = wanted.stream().anyMatch(set -> set.name().base().equals(CONSOLIDATED));
    Set<String> bases = wanted.stream().map(this::baseOf).collect(Collectors.toSet());
    return wanted.size() > 1 && (consolidated || bases.size() < wanted.size());
  }

  /** The name without its variant; one of {@code a.x} and {@code a.y} alone has none. */
  private String baseOf(ShardSet set) {
    WeightsName name = set.name();
    return variant(name).isEmpty() && !name.variant().isEmpty()
        ? name.base() + "." + name.variant()
        : name.base();
  }

  private boolean isOf(ShardSet set, String variant) {
    return variant.isEmpty() ? variant(set.name()).isEmpty() : set.name().variant().equals(variant);
  }

  /** A word is a variant if it is known as one, or if the same name without it is there. */
  private String variant(WeightsName name) {
    boolean isVariant =
        name.isKnownVariant()
            || sets.stream()
                .map(ShardSet::name)
                .anyMatch(n -> n.variant().isEmpty() && n.base().equals(name.base()));
    return isVariant ? name.variant() : "";
  }

  private static String variant(Path index) {
    return WeightsName.variantOfIndex(FolderListing.name(index)).orElse("");
  }

  private static String label(Path index) {
    String variant = variant(index);
    return FolderListing.name(index) + (variant.isEmpty() ? "" : " (variant '" + variant + "')");
  }

  private LoadException several(List<String> labels) {
    return new LoadException(
        "%s has several checkpoints, give the files or the index of one, or its variant: %s"
            .formatted(listing.folder(), String.join(", ", labels)));
  }

  private LoadException nothing(Optional<String> variant) {
    String labels =
        Stream.concat(
                listing.indexes().stream().map(CheckpointFolder::label),
                sets.stream().map(ShardSet::label))
            .collect(Collectors.joining(", "));
    String what =
        variant.isEmpty() || labels.isEmpty()
            ? ": no " + WeightsName.SUFFIX + " files in this folder"
            : " has no variant '" + variant.get() + "', but " + labels;
    return new LoadException(
        listing.folder() + what + UnfinishedDownloads.hint(listing.folder(), listing.leftovers()));
  }

  /** Parts of files that would belong to the checkpoint. */
  private List<LoadException> missed(Optional<String> variant) {
    return listing.missed().stream()
        .filter(part ->
            variant.isEmpty() || FolderListing.name(part).contains("." + variant.get() + "."))
        .map(part ->
            new LoadException(
                part + ": a download that isn't finished: resume it, or delete this file"))
        .toList();
  }

  private FoundCheckpoint found(Path path, List<ShardSet> chosen, List<LoadException> missed) {
    List<Path> files = chosen.stream().flatMap(set -> set.files().stream()).sorted().toList();
    List<LoadException> faults = new ArrayList<>(missed);
    for (ShardSet set : chosen) {
      if (set.name().isNumbered()) {
        faults.addAll(set.faults(listing));
      }
    }
    for (Path file : files) {
      listing.fault(file).map(f -> new LoadException(file + " " + f)).ifPresent(faults::add);
    }
    return new FoundCheckpoint(
        path,
        Optional.empty(),
        new CheckpointFiles(files, Optional.empty()),
        listing.leftOut(new HashSet<>(files), Optional.empty(), LeftOutReasons.OTHER_VARIANT),
        faults);
  }
}
