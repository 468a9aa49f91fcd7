// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.LoadMemory;
import java.nio.file.Path;

/** The engine's side, of which a wrong backend uses only a part. */
class ForwardingMonitor implements IoMonitor {
  private final IoMonitor monitor;

  ForwardingMonitor(IoMonitor monitor) {
    this.monitor = monitor;
  }

  @Override
  public void blockDone(Path file, TransferPath path, long offset, long bytes, long nanos) {
    monitor.blockDone(file, path, offset, bytes, nanos);
  }

  @Override
  public LoadMemory memory() {
    return monitor.memory();
  }

  @Override
  public void checkpoint() throws LoadCancelledException {
    monitor.checkpoint();
  }

  @Override
  public Deadline deadline() {
    return monitor.deadline();
  }
}
