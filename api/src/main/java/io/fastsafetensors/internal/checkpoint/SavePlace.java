// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.checkpoint;

import io.fastsafetensors.Reason;
import io.fastsafetensors.internal.file.Folders;
import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.file.TemporaryFiles;
import io.fastsafetensors.internal.save.FileLayout;
import io.fastsafetensors.internal.save.OutputFile;
import io.fastsafetensors.internal.save.OutputPlan;
import io.fastsafetensors.internal.save.SavedTensor;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The folder of a save, for as long as that lasts: no other save is in it. */
public final class SavePlace implements SaveFolder {
  /** What readers take; as much as a header may have. */
  private static final long MOST_INDEX_BYTES = 100_000_000;

  private final SaveTarget target;
  private final SaveJournal journal;
  private final Optional<Reason> recovered;
  private final OldCheckpoint old;
  private final List<Path> temporary = new ArrayList<>();
  private boolean isCommitted;

  private SavePlace(
      SaveTarget target, SaveJournal journal, Optional<Reason> recovered, OldCheckpoint old) {
    this.target = target;
    this.journal = journal;
    this.recovered = recovered;
    this.old = old;
  }

  /**
   * Takes a folder, makes it if it is to be new, and cleans up after a save that was killed.
   *
   * @throws IOException if nothing can be written there, or another save is under way there
   */
  public static SavePlace take(SaveTarget target) throws IOException {
    if (target.isNew()) {
      Files.createDirectory(target.folder());
    }
    try {
      return take(target, SaveJournal.open(target.folder()));
    } catch (Throwable e) {
      deleteIfNew(target);
      throw e;
    }
  }

  private static SavePlace take(SaveTarget target, SaveJournal journal) throws IOException {
    try {
      Optional<Reason> recovered = Leftovers.clean(target.folder(), journal);
      return new SavePlace(target, journal, recovered, OldCheckpoint.of(target));
    } catch (Throwable e) {
      journal.close();
      throw e;
    }
  }

  @Override
  public Path folder() {
    return target.folder();
  }

  /** Returns the paths that the files are to have. */
  public List<Path> files(int count) {
    return target.files(count);
  }

  /** Plans the files, and notes what they are called until they are whole. */
  @Override
  public List<OutputPlan> plan(List<FileLayout> layouts) throws IOException {
    List<Path> paths = files(layouts.size());
    for (int i = 0; i <= layouts.size(); i++) {
      temporary.add(TemporaryFiles.in(target.folder()));
    }
    journal.write(SaveJournal.Entry.of(target.names(temporary)));
    List<OutputPlan> plans = new ArrayList<>();
    for (FileLayout layout : layouts) {
      Path path = paths.get(plans.size());
      plans.add(layout.plan(path, temporary.get(plans.size()), old.rights(path, target)));
    }
    return plans;
  }

  @Override
  public Set<Path> replaced(int count) {
    return old.replaced(files(count));
  }

  /** Returns what other ranks need to know to join. */
  public JoinedFolder.Made made() {
    List<Path> files = temporary.subList(0, temporary.size() - 1); // the last will be the index
    return new JoinedFolder.Made(
        target.folder().toString(), target.base(), List.copyOf(target.names(files)));
  }

  /**
   * Checks that the new checkpoint fits beside the old one.
   *
   * @param bytes what is to be written
   * @throws IOException if it doesn't, or no reader would take its index
   */
  public void check(List<FileLayout> layouts, long bytes) throws IOException {
    int index = layouts.size() == 1 ? 0 : index(layouts, files(layouts.size())).length;
    if (index > MOST_INDEX_BYTES) {
      throw new IOException(
          "the index would have %s bytes, readers take %s: save fewer tensors, or one file"
              .formatted(index, MOST_INDEX_BYTES));
    }
    FileStore store = Files.getFileStore(target.folder());
    long free = store.getUsableSpace();
    if (store.getTotalSpace() > 0 && free >= 0 && free < bytes + index) {
      throw new IOException(
          ("the files take %s bytes, the file system has %s free; what they replace is deleted only"
                  + " when they are written: make room, or save elsewhere")
              .formatted(bytes + index, free));
    }
  }

  private static byte[] index(List<FileLayout> layouts, List<Path> files) {
    Map<String, String> fileByTensor = new LinkedHashMap<>();
    long bytes = 0;
    for (int i = 0; i < files.size(); i++) {
      for (SavedTensor tensor : layouts.get(i).tensors()) {
        fileByTensor.put(tensor.name(), String.valueOf(files.get(i).getFileName()));
        bytes += tensor.bytes();
      }
    }
    return IndexJson.encode(bytes, fileByTensor);
  }

  /**
   * What was done.
   *
   * @param files the paths that the files have
   * @param index the index, if there is one
   * @param removed what was deleted of the old checkpoint
   * @param notes what else is worth knowing
   */
  public record Done(
      List<Path> files, Optional<Path> index, List<Path> removed, List<Reason> notes) {}

  /**
   * Has finished files take the place of the old checkpoint.
   *
   * @throws IOException if that fails: the old checkpoint is as it was
   */
  public Done commit(List<OutputFile> files, List<FileLayout> layouts) throws IOException {
    Done done =
        new SetCommit(target, old, journal, files, temporary, paths -> index(layouts, paths)).run();
    isCommitted = true;
    List<Reason> notes = new ArrayList<>(recovered.stream().toList());
    notes.addAll(done.notes());
    return new Done(done.files(), done.index(), done.removed(), notes);
  }

  /** Lets go of the folder; deletes one that was made for nothing. */
  @Override
  public void close() {
    try {
      journal.close();
    } catch (IOException e) {
      System.getLogger(SavePlace.class.getName())
          .log(Level.WARNING, "can't end the save: " + IoReason.of(e), e);
    }
    if (isCommitted) {
      Folders.flush(target.folder());
    } else {
      deleteIfNew(target);
    }
  }

  private static void deleteIfNew(SaveTarget target) {
    if (!target.isNew()) {
      return;
    }
    try {
      Files.deleteIfExists(target.folder());
    } catch (IOException e) {
      System.getLogger(SavePlace.class.getName())
          .log(Level.DEBUG, "can't delete the folder " + target.folder(), e);
    }
  }
}
