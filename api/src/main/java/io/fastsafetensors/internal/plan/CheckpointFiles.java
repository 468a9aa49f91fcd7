// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.file.IoReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The files of a checkpoint.
 *
 * @param files the files, by name
 * @param index the index that names them, if there is one
 */
public record CheckpointFiles(List<Path> files, Optional<CheckpointIndex> index) {
  /**
   * Finds the files.
   *
   * @param path a file, an index, or a folder
   * @throws LoadException if there are none, or not all
   */
  public static CheckpointFiles find(Path path) throws LoadException {
    return find(path, Optional.empty()).whole();
  }

  /**
   * Finds the files, and what lacks.
   *
   * @param path a file, an index, or a folder
   * @param variant which of a folder's, empty for the one without a name
   * @throws LoadException if there are none, or more than one checkpoint
   */
  public static FoundCheckpoint find(Path path, Optional<String> variant) throws LoadException {
    try {
      if (Files.isDirectory(path)) {
        return new CheckpointFolder(FolderListing.of(path)).find(variant);
      }
      String name = FolderListing.name(path);
      checkIsThere(path, name);
      checkIsOf(path, name, variant);
      return name.endsWith(".json")
          ? FoundCheckpoint.ofIndex(path, path, beside(path))
          : FoundCheckpoint.ofFile(path);
    } catch (RuntimeException e) {
      throw failed(path, e);
    }
  }

  /** Finds each index and each set of files of a folder. */
  public static List<FoundCheckpoint> allIn(Path folder) throws LoadException {
    try {
      return new CheckpointFolder(FolderListing.of(folder)).all();
    } catch (RuntimeException e) {
      throw failed(folder, e);
    }
  }

  /**
   * Lists what a folder without an index could mean.
   *
   * @return its {@code .safetensors} files
   * @throws LoadException if it can't be listed
   */
  public static List<Path> weightsIn(Path folder) throws LoadException {
    return FolderListing.of(folder).weights();
  }

  /** Returns whether a {@code .safetensors} file belongs to a numbered set. */
  public static boolean isNumbered(Path file) {
    return WeightsName.of(FolderListing.name(file)).isNumbered();
  }

  /** File systems that aren't the JDK's throw what they like. */
  private static LoadException failed(Path path, RuntimeException e) {
    return new LoadException(path + ": its file system failed: " + e, e);
  }

  private static void checkIsOf(Path path, String name, Optional<String> variant)
      throws LoadException {
    if (variant.isEmpty()) {
      return;
    }
    String its =
        WeightsName.variantOfIndex(name)
            .orElseGet(
                () -> name.endsWith(WeightsName.SUFFIX) ? WeightsName.of(name).variant() : "");
    if (!its.equals(variant.get())) {
      throw new LoadException(
          "%s is not of the variant '%s', which chooses among the files of a folder: %s"
              .formatted(
                  path,
                  variant.get(),
                  its.isEmpty() ? "it has no variant" : "its variant is '" + its + "'"));
    }
  }

  /** What is beside an index only helps messages. */
  private static FolderListing beside(Path index) {
    Path parent = index.getParent();
    Path folder = parent == null ? index.getFileSystem().getPath("") : parent;
    try {
      return FolderListing.of(folder);
    } catch (LoadException e) {
      return FolderListing.empty(folder);
    }
  }

  private static void checkIsThere(Path path, String name) throws LoadException {
    Optional<String> fault = UnfinishedDownloads.fault(path);
    if (fault.isPresent()) {
      throw new LoadException(
          Files.isSymbolicLink(path)
              ? path + " " + fault.get()
              : path + ": there is no such file or folder");
    }
    if (Files.exists(path.resolveSibling(name + ".aria2"))) {
      throw new LoadException(path + " is not complete: aria2 has not finished it");
    }
  }

  /**
   * Spreads files over ranks: the largest first, each to the rank with the fewest bytes so far.
   *
   * @param files the files
   * @param ranks how many ranks
   * @return each file with its rank, in the order given
   * @throws LoadException if a file's size can't be read
   */
  public static List<SourceFile> spread(List<Path> files, int ranks) throws LoadException {
    if (ranks == 1) {
      return files.stream().map(file -> new SourceFile(0, file)).toList();
    }
    record Sized(int index, long bytes) {}
    List<Sized> sized = new ArrayList<>();
    for (Path file : files) {
      sized.add(new Sized(sized.size(), size(file)));
    }
    sized.sort(Comparator.comparingLong(Sized::bytes).reversed().thenComparingInt(Sized::index));
    long[] load = new long[ranks];
    int[] owner = new int[files.size()];
    for (Sized file : sized) {
      owner[file.index()] = least(load);
      load[owner[file.index()]] += file.bytes();
    }
    return IntStream.range(0, owner.length)
        .mapToObj(i -> new SourceFile(owner[i], files.get(i)))
        .toList();
  }

  private static int least(long[] load) {
    int least = 0;
    for (int rank = 1; rank < load.length; rank++) {
      least = load[rank] < load[least] ? rank : least;
    }
    return least;
  }

  private static long size(Path file) throws LoadException {
    try {
      return Files.size(file);
    } catch (IOException | RuntimeException e) {
      throw new LoadException(file + ": can't read its size: " + IoReason.of(e), e);
    }
  }
}
