// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CheckpointFiles;
import io.fastsafetensors.internal.plan.CheckpointIndex;
import io.fastsafetensors.internal.plan.FoundCheckpoint;
import io.fastsafetensors.internal.plan.SourceFile;
import io.fastsafetensors.spi.Transport;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The files of a loader, and what their headers say once that was asked for. */
final class FileSet {
  private static final Logger LOG = System.getLogger(FileSet.class.getName());

  private final Transport group;
  private final List<SourceFile> files = new ArrayList<>();
  private final Set<Path> paths = new HashSet<>();
  private final List<CheckpointIndex> indexes = new ArrayList<>();
  private @Nullable Headers headers;

  FileSet(Transport group) {
    this.group = group;
  }

  boolean isEmpty() {
    return files.isEmpty();
  }

  int count() {
    return files.size();
  }

  /**
   * Adds files, all or none.
   *
   * @throws IllegalArgumentException if there is no such rank, or a file was added before
   */
  void add(List<SourceFile> added) {
    check(added);
    for (SourceFile file : added) {
      files.add(file);
      paths.add(file.path());
      LOG.log(
          Level.DEBUG,
          () -> "add file " + files.size() + ": " + file.path() + ", rank=" + file.rank());
    }
    headers = null;
  }

  /** Adds files, dealt out to the ranks one by one, beginning where the last call ended. */
  void deal(List<Path> added) {
    List<SourceFile> dealt = new ArrayList<>();
    for (Path path : added) {
      dealt.add(new SourceFile((files.size() + dealt.size()) % group.size(), path));
    }
    add(dealt);
  }

  private void check(List<SourceFile> added) {
    Set<Path> seen = new HashSet<>();
    for (SourceFile file : added) {
      if (file.rank() < 0 || file.rank() >= group.size()) {
        throw new IllegalArgumentException(
            "%s: no rank %s in a group of %s".formatted(file.path(), file.rank(), group.size()));
      }
      if (paths.contains(file.path()) || !seen.add(file.path())) {
        throw new IllegalArgumentException(file.path() + " was added before");
      }
    }
  }

  /** Adds the files of a checkpoint, spread over the ranks by size. */
  void addCheckpoint(Path path, Optional<String> variant, BoundedCall bounded)
      throws LoadException {
    Found found = bounded.run(() -> find(path, variant, bounded.held()), _ -> {});
    add(found.files());
    found.index().ifPresent(indexes::add);
  }

  /** A checkpoint's files, with the ranks that read them. */
  private record Found(List<SourceFile> files, Optional<CheckpointIndex> index) {}

  private Found find(Path path, Optional<String> variant, HeldFiles held) throws LoadException {
    held.ask(path, 0);
    FoundCheckpoint found = CheckpointFiles.find(path, variant);
    found
        .leftOut()
        .forEach(
            left -> LOG.log(Level.DEBUG, () -> "left out: " + left.file() + ", " + left.reason()));
    CheckpointFiles checkpoint = found.whole();
    return new Found(CheckpointFiles.spread(checkpoint.files(), group.size()), checkpoint.index());
  }

  void clear() {
    files.clear();
    paths.clear();
    indexes.clear();
    headers = null;
  }

  /** Returns what the headers say, for a call that asks only once; all ranks call it. */
  Catalog catalog(Backends backends, BoundedCall bounded) throws LoadException {
    Headers known = headers;
    return known != null
        ? known.catalog()
        : agreedHeaders(List.of("call: keys"), backends, bounded).catalog();
  }

  /**
   * Returns what the headers say, once all ranks agree about the call and the files.
   *
   * @param call the call and its arguments, one a line
   * @param backends open the files
   * @param bounded reads the headers
   * @throws io.fastsafetensors.CollectiveException if they disagree, the same on every rank
   */
  Headers agreedHeaders(List<String> call, Backends backends, BoundedCall bounded)
      throws LoadException {
    List<SourceFile> byRank = files.stream().sorted(SourceFile.BY_RANK).toList();
    List<String> lines = new ArrayList<>(call);
    byRank.forEach(file -> lines.add("rank " + file.rank() + ": " + file.name()));
    Headers known = headers;
    lines.add("headers " + (known == null ? "unread" : known.digest()));
    Agreement.agreeOn(group, lines.stream());
    if (known == null) {
      known = Headers.read(group, byRank, indexes, backends::readHeader, bounded);
      headers = known;
    }
    return known;
  }
}
