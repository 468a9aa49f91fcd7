// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.checkpoint;

import io.fastsafetensors.Reason;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.file.AtomicFile;
import io.fastsafetensors.internal.file.FileRights;
import io.fastsafetensors.internal.file.Folders;
import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.plan.CheckpointFiles;
import io.fastsafetensors.internal.save.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Has finished files take the place of an old checkpoint. Several files can't be exchanged at once,
 * but an index can: so the new files first get names that the old checkpoint doesn't have, then the
 * index is replaced, and only then do the old files go. Where the old checkpoint had the names that
 * the new one is to have, the new files get those by a second name and a second index.
 */
final class SetCommit {
  private final SaveTarget target;
  private final OldCheckpoint old;
  private final SaveJournal journal;
  private final List<OutputFile> files;
  private final List<Path> temporary;
  private final List<Path> wanted;
  private final SavedIndex index;
  private final List<Path> removed = new ArrayList<>();
  private final List<Reason> notes = new ArrayList<>();

  /** Makes the index of the new checkpoint. */
  @FunctionalInterface
  interface SavedIndex {
    /** Encodes it for files with these names. */
    byte[] naming(List<Path> files);
  }

  SetCommit(
      SaveTarget target,
      OldCheckpoint old,
      SaveJournal journal,
      List<OutputFile> files,
      List<Path> temporary,
      SavedIndex index) {
    this.target = target;
    this.old = old;
    this.journal = journal;
    this.files = files;
    this.temporary = temporary;
    this.wanted = target.files(files.size());
    this.index = index;
  }

  /**
   * Exchanges the checkpoints.
   *
   * @throws IOException if that fails: the old checkpoint is as it was
   */
  SavePlace.Done run() throws IOException {
    if (!needsIndex()) {
      files.getFirst().moveTo(wanted.getFirst());
      Folders.flush(target.folder());
      return new SavePlace.Done(wanted, Optional.empty(), List.of(), List.of());
    }
    boolean areFree = wanted.stream().noneMatch(OldCheckpoint::isThere);
    List<Path> first = areFree ? wanted : target.otherFiles(files.size(), tag());
    Optional<byte[]> pin =
        old.index().isPresent() ? Optional.empty() : old.ownIndex(target.folder());
    FileRights rights = old.rights(target.index(), target);
    journal.write(entry(first, pin.isPresent() ? old.found() : List.of()));
    try {
      if (pin.isPresent()) {
        writeIndex(rights, pin.get());
      }
      for (int i = 0; i < files.size(); i++) {
        files.get(i).moveTo(first.get(i));
      }
      Folders.flush(target.folder());
      writeIndex(rights, index.naming(first));
    } catch (Throwable e) {
      undo(first, pin.isPresent(), e);
      throw e;
    }
    return tidy(first, rights);
  }

  private void writeIndex(FileRights rights, byte[] content) throws IOException {
    AtomicFile.write(target.index(), temporary.getLast(), rights, content);
  }

  /** One file needs none, unless there is one, or names would leave open what the checkpoint is. */
  private boolean needsIndex() throws LoadException {
    return files.size() > 1
        || old.index().isPresent()
        || CheckpointFiles.weightsIn(target.folder()).stream()
            .anyMatch(CheckpointFiles::isNumbered);
  }

  private static String tag() {
    return UUID.randomUUID().toString().substring(0, 8);
  }

  private SaveJournal.Entry entry(List<Path> first, List<Path> pinned) throws IOException {
    Map<String, Long> made = new LinkedHashMap<>();
    for (int i = 0; i < files.size(); i++) {
      long written = Files.getLastModifiedTime(files.get(i).path()).toMillis();
      made.put(name(first.get(i)), written);
      made.put(name(wanted.get(i)), written);
    }
    return new SaveJournal.Entry(
        target.names(temporary),
        name(target.index()),
        target.names(pinned),
        made,
        target.names(going()));
  }

  /** The old files that go: those that its index named, and the one file that others replace. */
  private Set<Path> going() {
    Set<Path> going = new LinkedHashSet<>(old.named());
    if (OldCheckpoint.isThere(target.single())) {
      going.add(target.single());
    }
    return going;
  }

  /** Those of them that no new file takes the name of. */
  private Set<Path> deleted() {
    Set<Path> deleted = going();
    deleted.removeAll(wanted);
    return deleted;
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  private void undo(List<Path> first, boolean isPinned, Throwable failure) {
    try {
      for (Path file : first) {
        Files.deleteIfExists(file);
      }
      if (isPinned) {
        Files.deleteIfExists(target.index());
      }
      Folders.flush(target.folder());
    } catch (IOException e) {
      journal.keep();
      failure.addSuppressed(e);
    }
  }

  /** The new checkpoint stands: what fails from here on is told. */
  private SavePlace.Done tidy(List<Path> first, FileRights rights) {
    for (Path file : deleted()) {
      Optional<Reason> left = Leftovers.deleteOld(file);
      left.ifPresentOrElse(notes::add, () -> removed.add(file));
    }
    List<Path> named = first.equals(wanted) ? wanted : renamed(first, rights);
    Optional<Path> kept = Optional.of(target.index());
    try {
      if (files.size() == 1 && named.equals(wanted) && isAlone()) {
        journal.write(SaveJournal.Entry.NONE);
        Files.deleteIfExists(target.index());
        kept = Optional.empty();
      }
    } catch (IOException e) {
      notes.add(note("save.index", "the index, which isn't needed, stays: {error}", e));
    }
    Folders.flush(target.folder());
    return new SavePlace.Done(named, kept, removed, notes);
  }

  /** Returns whether the folder means the one file without an index, too. */
  private boolean isAlone() throws LoadException {
    return CheckpointFiles.weightsIn(target.folder()).equals(wanted);
  }

  /** Gives the files the names that they are to have. */
  private List<Path> renamed(List<Path> first, FileRights rights) {
    List<Path> linked = new ArrayList<>();
    try {
      for (int i = 0; i < files.size(); i++) {
        link(first.get(i), temporary.get(i), wanted.get(i));
        linked.add(wanted.get(i));
      }
      Folders.flush(target.folder());
      writeIndex(rights, index.naming(wanted));
    } catch (IOException | UnsupportedOperationException e) {
      return kept(first, linked, e);
    }
    first.forEach(file -> Leftovers.deleteOld(file).ifPresent(notes::add));
    return wanted;
  }

  /** Without links, files that the index names can't get other names at once with it. */
  private List<Path> kept(List<Path> first, List<Path> linked, Exception failure) {
    notes.add(
        note(
            "save.names",
            "the files keep names with a tag, as they can't get others: {error}",
            failure));
    Set<Path> unnamed = new LinkedHashSet<>(linked);
    old.named().stream().filter(wanted::contains).forEach(unnamed::add);
    unnamed.forEach(file -> Leftovers.deleteOld(file).ifPresent(notes::add));
    return first;
  }

  /** Gives a file one more name, in place of what has it. */
  private static void link(Path file, Path between, Path name) throws IOException {
    Files.createLink(between, file);
    try {
      Files.move(between, name, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(between);
    }
  }

  private static Reason note(String code, String text, Exception e) {
    return Reason.of(code, text).with("error", IoReason.of(e));
  }
}
