// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.simulated;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import java.nio.file.Path;
import java.time.Duration;

/** A monitor that lets a load go on for a minute. */
public final class SilentMonitor implements IoMonitor {
  private final Deadline deadline = Deadline.after(Duration.ofMinutes(1));

  @Override
  public void blockDone(Path file, TransferPath path, long offset, long bytes, long nanos) {}

  @Override
  public LoadMemory memory() {
    return PlannedMemory.unplanned();
  }

  @Override
  public void checkpoint() {}

  @Override
  public Deadline deadline() {
    return deadline;
  }
}
