// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.CheckpointSave;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.SaveReport;
import io.fastsafetensors.SavedFile;
import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.checkpoint.SavePlace;
import io.fastsafetensors.internal.file.IoReason;
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
  private final SavePlan plan;
  private final SavePlace place;
  private final FileSave files;
  private final SaveSignal signal;
  private final Leaks.Trace trace;
  private volatile boolean isFinished;
  private volatile boolean isClosed;

  private DefaultCheckpointSave(SavePlan plan, SavePlace place, FileSave files, SaveSignal signal) {
    this.plan = plan;
    this.place = place;
    this.files = files;
    this.signal = signal;
    this.trace = Leaks.watch(this, () -> "a CheckpointSave to " + plan.target());
  }

  /** Begins a save. */
  static CheckpointSave begin(List<AddedTensor> tensors, Path target, SaveOptions options)
      throws IOException {
    SavePlan plan = SavePlan.of(tensors, target, options);
    try {
      return failing(plan.target(), () -> begin(plan));
    } catch (Throwable e) {
      Cleanup.after(e, plan::release);
      throw e;
    }
  }

  private static CheckpointSave begin(SavePlan plan) throws IOException {
    SaveSignal signal = plan.signal();
    signal.check();
    SavePlace place = SavePlace.take(plan.where());
    try {
      FileSave files = new FileSave(plan.files(place), plan.tuning(), signal);
      return new DefaultCheckpointSave(plan, place, files, signal);
    } catch (Throwable e) {
      Cleanup.after(e, place::close);
      throw e;
    }
  }

  /** Part of a save. */
  private interface Step<T> {
    T run() throws IOException;
  }

  /** Says what failed; what is of the library says so itself. */
  private static <T> T failing(Path target, Step<T> step) throws IOException {
    try {
      return step.run();
    } catch (LoadException e) {
      throw e;
    } catch (IOException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw SaveSignal.interrupted(e);
      }
      throw new IOException("can't save to " + target + ": " + IoReason.of(e), e);
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
        failing(
            plan.target(),
            () -> {
              files.put(
                  tensor.file(),
                  tensor.position(offset),
                  tensor.written(bytes),
                  tensor.writtenBytes(count));
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
    return place.folder();
  }

  @Override
  public synchronized SaveReport finish() throws IOException {
    checkOpen();
    return failing(
        plan.target(),
        () -> {
          plan.checkComplete();
          files.fill();
          files.finish();
          signal.check();
          List<OutputFile> written = files.files();
          SavePlace.Done done = place.commit(written, plan.layouts());
          isFinished = true;
          return report(written, done);
        });
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
              plan.way(file)));
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
      Cleanup.all(() -> files.end(plan::release), place::close);
    }
  }
}
