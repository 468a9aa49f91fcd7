// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

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

/** The engine's side of a load: keeps what it is told. */
final class RecordingMonitor implements IoMonitor {
  final List<Path> files = new CopyOnWriteArrayList<>();
  volatile Deadline deadline = Deadline.after(Duration.ofMinutes(2));
  volatile Runnable onBlock = () -> {};

  @Override
  public void blockDone(Path file, TransferPath path, long offset, long bytes, long nanos) {
    files.add(file);
    onBlock.run();
  }

  @Override
  public LoadMemory memory() {
    return PlannedMemory.unplanned();
  }

  @Override
  public void checkpoint() throws LoadCancelledException {
    if (deadline.hasPassed()) {
      throw new LoadCancelledException("the test's time is over", true);
    }
  }

  @Override
  public Deadline deadline() {
    return deadline;
  }
}
