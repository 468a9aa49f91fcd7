// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.LoadPlan;
import java.nio.file.Path;
import jdk.jfr.FlightRecorder;

/**
 * Tells the flight recorder, if somebody records. The classes of the events are named only here and
 * only then: loading one starts the flight recorder, which takes a process longer than all the rest
 * of its first load.
 */
final class FlightEvents {
  private FlightEvents() {}

  /** A load that may be recorded. */
  @FunctionalInterface
  interface Load<T> {
    T run() throws LoadException;
  }

  /** Runs a load, and records how it ended. */
  static <T> T load(Device device, LoadPlan plan, Load<T> load) throws LoadException {
    return FlightRecorder.isInitialized() ? recorded(device, plan, load) : load.run();
  }

  private static <T> T recorded(Device device, LoadPlan plan, Load<T> load) throws LoadException {
    LoadEvent event = LoadEvent.start(device, plan);
    try {
      T result = load.run();
      event.succeeded = true;
      return result;
    } finally {
      event.commit();
    }
  }

  /** Records a block that is in its place. */
  static void blockRead(Path file, TransferPath path, long offset, long bytes, long nanos) {
    if (FlightRecorder.isInitialized()) {
      BlockReadEvent.record(file, path, offset, bytes, nanos);
    }
  }
}
