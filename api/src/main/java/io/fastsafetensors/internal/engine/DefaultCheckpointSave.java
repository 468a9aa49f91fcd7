// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.CheckpointSave;
import io.fastsafetensors.SaveReport;
import io.fastsafetensors.SavedFile;
import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.internal.checkpoint.SaveFolder;
import io.fastsafetensors.internal.checkpoint.SavePlace;
import io.fastsafetensors.internal.save.Content;
import io.fastsafetensors.internal.save.FileSave;
import io.fastsafetensors.internal.save.MemoryContent;
import io.fastsafetensors.internal.save.OutputFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A save under way: files beside their places, until they are finished or discarded. */
public final class DefaultCheckpointSave implements CheckpointSave {
  private final SaveRanks ranks;
  private final SavePlan plan;
  private final SaveFolder folder;
  private final FileSave files;
  private final SaveSignal signal;
  private final Leaks.Trace trace;
  private volatile boolean isFinished;
  private volatile boolean isClosed;

  private DefaultCheckpointSave(
      SaveRanks ranks, SavePlan plan, SaveFolder folder, FileSave files, SaveSignal signal) {
    this.ranks = ranks;
    this.plan = plan;
    this.folder = folder;
    this.files = files;
    this.signal = signal;
    this.trace = Leaks.watch(this, () -> "a CheckpointSave to " + plan.target());
  }

  /** Opens the files of a save, which takes over the folder. */
  static DefaultCheckpointSave open(
      SaveRanks ranks, SavePlan plan, SaveFolder folder, SaveSignal signal) throws IOException {
    try {
      FileSave files = new FileSave(plan.files(folder), plan.tuning(), signal);
      return new DefaultCheckpointSave(ranks, plan, folder, files, signal);
    } catch (Throwable e) {
      Cleanup.after(e, folder::close);
      throw e;
    }
  }

  @Override
  public void put(String name, StreamedTensor tensor) throws IOException {
    DeclaredTensor declared = plan.declared(name);
    declared.check(tensor.tensor().dtype(), tensor.shape());
    plan.checkSource(tensor.file());
    try (TensorContent content = TensorContent.hold(tensor.tensor())) {
      put(declared, tensor.offset(), content, tensor.tensor().byteSize());
    }
  }

  @Override
  public void put(String name, long offset, MemorySegment bytes) throws IOException {
    put(plan.declared(name), offset, new MemoryContent(bytes), bytes.byteSize());
  }

  private void put(DeclaredTensor tensor, long offset, Content.Placed bytes, long count)
      throws IOException {
    checkOpen();
    tensor.take(offset, count);
    DeclaredTensor _ =
        SaveFailure.naming(
            plan.target(),
            () -> {
              tensor.put(offset, bytes, count, files);
              return tensor;
            });
  }

  private void checkOpen() {
    if (isFinished || isClosed) {
      throw new IllegalStateException(
          "the save to " + plan.target() + (isFinished ? " is finished" : " is closed"));
    }
  }

  @Override
  public Path folder() {
    return folder.folder();
  }

  @Override
  public synchronized SaveReport finish() throws IOException {
    checkOpen();
    var _ = ranks.tell("save", () -> SaveFailure.naming(plan.target(), this::write));
    List<OutputFile> written = files.files();
    SavePlace.Done done = new SaveCommit(ranks, plan.target(), written, plan.layouts()).run(folder);
    isFinished = true;
    return report(written, done);
  }

  private byte[] write() throws IOException {
    plan.checkComplete();
    files.fill();
    files.finish();
    signal.check();
    return FilesMessage.NOTHING;
  }

  private SaveReport report(List<OutputFile> written, SavePlace.Done done) {
    List<SavedFile> saved = new ArrayList<>();
    for (int i = 0; i < written.size(); i++) {
      OutputFile file = written.get(i);
      saved.add(
          SavedFile.of(
                  done.files().get(i),
                  plan.layouts().get(i).tensors().size(),
                  file.plan().bytes(),
                  plan.way(file))
              .withWritten(file.plan().ownBytes()));
    }
    SaveReport.Builder report =
        SaveReport.builder()
            .files(saved)
            .removed(done.removed())
            .notes(done.notes())
            .conversions(plan.conversions())
            .bytes(plan.bytes())
            .elapsed(Duration.ofNanos(System.nanoTime() - plan.start()));
    done.index().ifPresent(report::index);
    return report.build();
  }

  @Override
  public synchronized void close() {
    if (!isClosed) {
      isClosed = true;
      trace.closed();
      Cleanup.all(() -> files.end(plan::release), folder::close, this::giveUp);
    }
  }

  private void giveUp() {
    if (!isFinished) {
      ranks.giveUp("the save to " + plan.target() + " was closed before it was finished");
    }
  }
}
