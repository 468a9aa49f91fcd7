// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.Reason;
import io.fastsafetensors.internal.checkpoint.SaveFolder;
import io.fastsafetensors.internal.checkpoint.SavePlace;
import io.fastsafetensors.internal.save.FileLayout;
import io.fastsafetensors.internal.save.OutputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Has the new checkpoint take the place of the old one, once all ranks have written: the first rank
 * does that, and the others learn of it.
 *
 * @param ranks the ranks
 * @param target where to, for messages
 * @param written the files
 * @param layouts what is in them
 */
record SaveCommit(
    SaveRanks ranks, Path target, List<OutputFile> written, List<FileLayout> layouts) {
  private static final String COMMIT = "commit";

  /**
   * Commits; all ranks call it.
   *
   * @throws IOException if that fails, so that the old checkpoint is as it was; or if this rank
   *     can't learn of it
   */
  SavePlace.Done run(SaveFolder folder) throws IOException {
    return folder instanceof SavePlace place ? commit(place) : learn(folder);
  }

  private SavePlace.Done commit(SavePlace place) throws IOException {
    AtomicReference<SavePlace.Done> done = new AtomicReference<>();
    try {
      var _ =
          ranks.tell(
              COMMIT,
              () -> {
                done.set(SaveFailure.naming(target, () -> place.commit(written, layouts)));
                return FilesMessage.of(done.get());
              });
    } catch (CollectiveException e) {
      if (done.get() == null) {
        throw e;
      }
      return unconfirmed(done.get(), e); // nothing takes the new checkpoint back
    }
    return done.get();
  }

  private static SavePlace.Done unconfirmed(SavePlace.Done done, CollectiveException e) {
    List<Reason> notes = new ArrayList<>(done.notes());
    notes.add(
        Reason.of(
                "save.unconfirmed",
                "the new checkpoint stands, but not all ranks have heard of it: {error}")
            .with("error", String.valueOf(e.getMessage())));
    return new SavePlace.Done(done.files(), done.index(), done.removed(), notes);
  }

  private SavePlace.Done learn(SaveFolder folder) throws IOException {
    try {
      byte[] told = ranks.tell(COMMIT, () -> FilesMessage.NOTHING).getFirst();
      return FilesMessage.readDone(told, folder.folder());
    } catch (CollectiveException e) {
      if (e.operation().equals(COMMIT)) {
        throw e; // the first rank said that it failed
      }
      throw new CollectiveException(
          ranks.rank(),
          COMMIT,
          e.peer(),
          "%s has the old checkpoint or the new one, whole; rank 0 could not say which: %s"
              .formatted(folder.folder(), e.getMessage()),
          e);
    }
  }
}
