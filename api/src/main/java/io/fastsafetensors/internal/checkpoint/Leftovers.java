// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.checkpoint;

import io.fastsafetensors.Reason;
import io.fastsafetensors.internal.file.Folders;
import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.file.TemporaryFiles;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Cleans up after a save whose process was killed: what it left is told, and deleted. */
final class Leftovers {
  private static final Logger LOG = System.getLogger(Leftovers.class.getName());
  private static final int MOST_TOLD = 3;

  private final Path folder;
  private final List<Path> deleted = new ArrayList<>();

  private Leftovers(Path folder) {
    this.folder = folder;
  }

  /**
   * Cleans up.
   *
   * @param journal says what the killed save was about to change; is kept unless all is clean
   * @return a note of what was deleted; empty if there was nothing
   */
  static Optional<Reason> clean(Path folder, SaveJournal journal) throws IOException {
    SaveJournal.Entry entry = journal.read();
    Leftovers leftovers = new Leftovers(folder);
    try {
      leftovers.deleteTemporary(entry);
      leftovers.deleteUnnamed(entry);
    } catch (Throwable e) {
      journal.keep();
      throw e;
    }
    leftovers.deleted.addAll(TemporaryFiles.deleteAbandoned(folder));
    return leftovers.note();
  }

  private void deleteTemporary(SaveJournal.Entry entry) throws IOException {
    for (String name : entry.temporary()) {
      for (String file : TemporaryFiles.namesOf(name)) {
        delete(folder.resolve(file));
      }
    }
  }

  private void deleteUnnamed(SaveJournal.Entry entry) throws IOException {
    if (entry.made().isEmpty() && entry.old().isEmpty() && entry.pinned().isEmpty()) {
      return;
    }
    Path index = folder.resolve(entry.index());
    Set<Path> named = new HashSet<>(OldCheckpoint.namedBy(index));
    boolean isNewInPlace = resolved(entry.made().keySet()).stream().anyMatch(named::contains);
    for (Map.Entry<String, Long> made : entry.made().entrySet()) {
      Path file = folder.resolve(made.getKey());
      if (!named.contains(file) && isFrom(made.getValue(), file)) {
        delete(file);
      }
    }
    if (isNewInPlace) {
      for (String old : entry.old()) {
        if (!named.contains(folder.resolve(old))) {
          delete(folder.resolve(old));
        }
      }
    } else if (!named.isEmpty() && named.equals(resolved(entry.pinned()))) {
      delete(index);
    }
    Folders.flush(folder);
  }

  private Set<Path> resolved(Set<String> names) {
    return names.stream().map(folder::resolve).collect(Collectors.toSet());
  }

  /** Others may have given the name to a file of theirs. */
  private static boolean isFrom(long millis, Path file) throws IOException {
    return OldCheckpoint.isThere(file)
        && Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toMillis() == millis;
  }

  private void delete(Path file) throws IOException {
    if (Files.deleteIfExists(file)) {
      deleted.add(file);
      LOG.log(Level.WARNING, file + " was left by a save that was killed, and is deleted");
    }
  }

  private Optional<Reason> note() {
    if (deleted.isEmpty()) {
      return Optional.empty();
    }
    String names =
        String.join(
            ", ",
            deleted.stream().limit(MOST_TOLD).map(f -> String.valueOf(f.getFileName())).toList());
    return Optional.of(
        Reason.of(
                "save.recovered",
                "an earlier save was killed; deleted what it left: files: {files}, such as {names}")
            .with("files", deleted.size())
            .with("names", names));
  }

  /** Deletes a file that the new checkpoint replaces; tells if it can't be. */
  static Optional<Reason> deleteOld(Path file) {
    try {
      Files.deleteIfExists(file);
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(
          Reason.of("save.left", "{file} of the old checkpoint can't be deleted: {error}")
              .with("file", file.toString())
              .with("error", IoReason.of(e)));
    }
  }
}
