// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.internal.format.IoReason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The files of a checkpoint.
 *
 * @param files the files, by name
 * @param index the index that names them, if there is one
 */
public record CheckpointFiles(List<Path> files, Optional<CheckpointIndex> index) {
  private static final String INDEX = "model.safetensors.index.json";
  private static final String SUFFIX = ".safetensors";

  /**
   * Finds the files.
   *
   * @param path a file, an index, or a folder
   * @throws LoadException if there are none
   */
  public static CheckpointFiles find(Path path) throws LoadException {
    if (Files.isDirectory(path)) {
      Path index = path.resolve(INDEX);
      return Files.exists(index) ? ofIndex(index) : ofFolder(path);
    }
    if (!Files.exists(path)) {
      throw new LoadException(path + ": there is no such file or folder");
    }
    return path.toString().endsWith(".json")
        ? ofIndex(path)
        : new CheckpointFiles(List.of(path), Optional.empty());
  }

  private static CheckpointFiles ofFolder(Path folder) throws LoadException {
    List<Path> files = filesIn(folder);
    if (files.isEmpty()) {
      throw new LoadException(folder + ": no " + SUFFIX + " files in this folder");
    }
    return new CheckpointFiles(files, Optional.empty());
  }

  private static List<Path> filesIn(Path folder) throws LoadException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(file -> file.toString().endsWith(SUFFIX) && Files.isRegularFile(file))
          .sorted()
          .toList();
    } catch (IOException | UncheckedIOException e) {
      String reason = e instanceof IOException io ? IoReason.of(io) : e.toString();
      throw new LoadException(folder + ": can't list this folder: " + reason, e);
    }
  }

  private static CheckpointFiles ofIndex(Path path) throws LoadException {
    CheckpointIndex index = CheckpointIndex.read(path);
    List<Path> shards = index.shards();
    if (shards.isEmpty()) {
      throw new LoadException(path + ": the index names no files");
    }
    for (Path shard : shards) {
      if (!Files.exists(shard)) {
        throw new LoadException(path + " names " + shard + ", which does not exist");
      }
    }
    return new CheckpointFiles(shards, Optional.of(index));
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
    } catch (IOException e) {
      throw new LoadException(file + ": can't read its size: " + IoReason.of(e), e);
    }
  }
}
