// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.CheckpointSave;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.internal.checkpoint.JoinedFolder;
import io.fastsafetensors.internal.checkpoint.SavePlace;
import io.fastsafetensors.internal.checkpoint.SaveTarget;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What all ranks do before the first byte of a save: agree on what is saved, and open the files,
 * which the first rank makes.
 */
final class SaveStart {
  private final SaveRanks ranks;
  private final Path target;
  private final SaveOptions options;
  private @Nullable SavePlan plan;
  private @Nullable DefaultCheckpointSave opened;

  SaveStart(SaveRanks ranks, Path target, SaveOptions options) {
    this.ranks = ranks;
    this.target = target;
    this.options = options;
  }

  /**
   * Begins a save of tensors in the order in which they were added.
   *
   * @param added what this rank has
   */
  CheckpointSave asAdded(List<AddedTensor> added) throws IOException {
    return begin(AgreedTensors.asAdded(ranks, added, options));
  }

  /** Begins a save of tensors in the order of their names; all ranks call it, and fail alike. */
  CheckpointSave byName(List<AddedTensor> added) throws IOException {
    ranks.agreeOn(
        Stream.of(
            "save",
            "maxShardBytes " + options.maxShardBytes(),
            "metadata " + new TreeMap<>(options.metadata()),
            "dtype " + options.dtype(),
            "dtypeRules " + options.dtypeRules(),
            "replicated " + options.replicated()));
    return begin(AgreedTensors.byName(ranks, added, options));
  }

  private CheckpointSave begin(List<AgreedTensor> tensors) throws IOException {
    try {
      byte[] made = ranks.tell("save", () -> plan(tensors)).getFirst();
      if (ranks.size() > 1) {
        var _ = ranks.tell("save", () -> join(FilesMessage.readMade(made)));
      }
      return Objects.requireNonNull(opened);
    } catch (Throwable e) {
      Cleanup.after(e, this::letGo);
      throw e;
    }
  }

  /** Plans; the first rank also makes the files, and tells of them. */
  private byte[] plan(List<AgreedTensor> tensors) throws IOException {
    SavePlan made = SavePlan.of(tensors, target, options);
    plan = made;
    if (!ranks.isFirst()) {
      return FilesMessage.NOTHING;
    }
    SaveSignal signal = made.signal(true);
    signal.check();
    return SaveFailure.naming(
        target,
        () -> {
          SavePlace place = SavePlace.take(SaveTarget.of(target));
          opened = DefaultCheckpointSave.open(ranks, made, place, signal);
          return FilesMessage.of(place.made());
        });
  }

  /** Opens the files that the first rank has made. */
  private byte[] join(JoinedFolder.Made made) throws IOException {
    if (!ranks.isFirst()) {
      SavePlan known = Objects.requireNonNull(plan);
      opened =
          SaveFailure.naming(
              target,
              () ->
                  DefaultCheckpointSave.open(
                      ranks,
                      known,
                      JoinedFolder.of(SaveTarget.of(target), made),
                      known.signal(false)));
    }
    return FilesMessage.NOTHING;
  }

  private void letGo() {
    if (opened != null) {
      opened.close();
    } else if (plan != null) {
      plan.release();
    }
  }
}
