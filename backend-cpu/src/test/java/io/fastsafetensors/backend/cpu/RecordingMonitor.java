// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The engine's side in a test: notes what is told, and does what the test wants after a block. */
final class RecordingMonitor implements IoMonitor {
  record Block(Path file, TransferPath path, long offset, long bytes, String thread) {}

  private final List<Block> blocks = new CopyOnWriteArrayList<>();
  private final Deadline deadline;
  private volatile boolean cancelled;
  private volatile Runnable afterBlock = () -> {};

  RecordingMonitor() {
    this(Duration.ofMinutes(2));
  }

  RecordingMonitor(Duration allowed) {
    this.deadline = Deadline.after(allowed);
  }

  void cancel() {
    cancelled = true;
  }

  void afterBlock(Runnable action) {
    afterBlock = action;
  }

  List<Block> blocks() {
    return blocks;
  }

  @Override
  public void blockDone(Path file, TransferPath path, long offset, long bytes, long nanos) {
    blocks.add(new Block(file, path, offset, bytes, Thread.currentThread().getName()));
    afterBlock.run();
  }

  @Override
  public LoadMemory memory() {
    return PlannedMemory.unplanned();
  }

  @Override
  public void checkpoint() throws LoadCancelledException {
    if (cancelled) {
      throw new LoadCancelledException("cancelled by the test", false);
    }
  }

  @Override
  public Deadline deadline() {
    return deadline;
  }
}
