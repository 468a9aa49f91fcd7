// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.Checkpoint.LeftOut;
import io.fastsafetensors.Reason;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.file.TemporaryFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What is in a folder, by name; what lies in its subfolders isn't looked at.
 *
 * @param folder the folder
 * @param weights its {@code .safetensors} files, also those that are links to nothing
 * @param indexes its indexes
 * @param leftovers what downloads left
 * @param others what is none of these
 */
record FolderListing(
    Path folder,
    List<Path> weights,
    List<Path> indexes,
    List<Path> leftovers,
    List<LeftOut> others) {
  /**
   * Lists a folder.
   *
   * @throws LoadException if it can't be listed, for whatever reason its file system gives
   */
  static FolderListing of(Path folder) throws LoadException {
    FolderListing listing =
        new FolderListing(
            folder, new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    try (Stream<Path> entries = Files.list(folder)) {
      entries.sorted().forEachOrdered(listing::add);
      return listing;
    } catch (IOException | RuntimeException e) {
      String reason = IoReason.of(e);
      throw new LoadException(folder + ": can't list this folder: " + reason, e);
    }
  }

  /** A listing of a folder that needn't be listed. */
  static FolderListing empty(Path folder) {
    return new FolderListing(folder, List.of(), List.of(), List.of(), List.of());
  }

  private void add(Path entry) {
    String name = name(entry);
    if (TemporaryFiles.isTemporary(name)) {
      leaveOut(entry, LeftOutReasons.UNFINISHED_WRITE);
    } else if (UnfinishedDownloads.isLeftover(name)) {
      leftovers.add(entry);
    } else if (name.startsWith(".")) {
      leaveOut(entry, LeftOutReasons.HIDDEN);
    } else if (WeightsName.variantOfIndex(name).isPresent()) {
      indexes.add(entry);
    } else if (!name.endsWith(WeightsName.SUFFIX)) {
      leaveOut(entry, LeftOutReasons.OTHER_NAME);
    } else if (Files.isDirectory(entry)) {
      leaveOut(entry, LeftOutReasons.FOLDER);
    } else {
      weights.add(entry);
    }
  }

  private void leaveOut(Path entry, Reason reason) {
    others.add(LeftOut.of(entry, reason));
  }

  static String name(Path file) {
    Path name = file.getFileName();
    return name == null ? file.toString() : name.toString();
  }

  /** Returns the parts of files that would count, but aren't there. */
  List<Path> missed() {
    Set<String> there = new HashSet<>();
    Stream.concat(weights.stream(), indexes.stream()).forEach(file -> there.add(name(file)));
    return leftovers.stream()
        .filter(part ->
            UnfinishedDownloads.finished(name(part)).filter(n -> !there.contains(n)).isPresent())
        .toList();
  }

  /** Says what stands in the way of a file of the folder, for the end of a message. */
  Optional<String> fault(Path file) {
    // aria2 makes files in full size, then fills them.
    String control = name(file) + ".aria2";
    return leftovers.stream().anyMatch(part -> name(part).equals(control))
        ? Optional.of("is not complete: aria2 has not finished it (" + control + " is there)")
        : UnfinishedDownloads.fault(file);
  }

  /**
   * Says what of the folder isn't part of a checkpoint, by name.
   *
   * @param files the checkpoint's files
   * @param index its index
   * @param other why other files of weights are not
   */
  List<LeftOut> leftOut(Set<Path> files, Optional<Path> index, Reason other) {
    List<LeftOut> all = new ArrayList<>(others);
    leftovers.forEach(part -> all.add(LeftOut.of(part, LeftOutReasons.UNFINISHED_DOWNLOAD)));
    weights.stream().filter(f -> !files.contains(f)).forEach(f -> all.add(LeftOut.of(f, other)));
    indexes.stream()
        .filter(i -> !index.equals(Optional.of(i)))
        .forEach(i -> all.add(LeftOut.of(i, LeftOutReasons.OTHER_VARIANT)));
    all.sort(Comparator.comparing(LeftOut::file));
    return List.copyOf(all);
  }
}
