// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.LoadPlan;
import java.nio.file.Path;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/**
 * Tells the flight recorder, if somebody records. The events are classes of their own, named only
 * here and only then: loading one starts the flight recorder, which takes a process longer than all
 * the rest of its first load.
 */
final class FlightEvents {
  private FlightEvents() {}

  /** Runs a load, and records how it ended. */
  static <T> T load(Device device, LoadPlan plan, BoundedCall.Work<T> load) throws LoadException {
    return FlightRecorder.isInitialized() ? recorded(device, plan, load) : load.run();
  }

  private static <T> T recorded(Device device, LoadPlan plan, BoundedCall.Work<T> load)
      throws LoadException {
    Load event = new Load();
    event.begin();
    event.device = device.toString();
    event.files = plan.files().size();
    event.bytes = plan.bytes();
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
      recordBlock(file, path, offset, bytes, nanos);
    }
  }

  private static void recordBlock(
      Path file, TransferPath path, long offset, long bytes, long nanos) {
    BlockRead event = new BlockRead();
    if (event.shouldCommit()) {
      event.file = file.toString();
      event.path = path.toString();
      event.offset = offset;
      event.bytes = bytes;
      event.readTime = nanos;
      event.commit();
    }
  }

  /** Records work besides reads, or waiting, that has just ended. */
  static void phase(LoadEvent.Kind kind, @Nullable Path file, long bytes, long nanos) {
    if (FlightRecorder.isInitialized()) {
      recordPhase(kind, file, bytes, nanos);
    }
  }

  private static void recordPhase(
      LoadEvent.Kind kind, @Nullable Path file, long bytes, long nanos) {
    Phase event = new Phase();
    if (event.shouldCommit()) {
      event.phase = kind.toString();
      event.file = file == null ? "" : file.toString();
      event.bytes = bytes;
      event.time = nanos;
      event.commit();
    }
  }

  /** One load on one rank. */
  @Name("io.fastsafetensors.Load")
  @Label("Load")
  @Description("Safetensors files were loaded to a device")
  @Category("Fastsafetensors")
  @StackTrace(false)
  static final class Load extends Event {
    @Label("Device")
    String device = "";

    @Label("Files")
    int files;

    @Label("Bytes")
    @DataAmount
    long bytes;

    @Label("Succeeded")
    boolean succeeded;
  }

  /** Work besides reads, or waiting; off unless a recording asks for it. */
  @Name("io.fastsafetensors.Phase")
  @Label("Phase")
  @Description("Part of a load besides its reads has ended: work on a file, or waiting")
  @Category("Fastsafetensors")
  @Enabled(false)
  @StackTrace(false)
  static final class Phase extends Event {
    @Label("Phase")
    @Description(
        "headers, memory, staging, copy, conversion, exchange, ranks awaited or room awaited")
    String phase = "";

    @Label("File")
    @Description("The file it was done for; empty if for several")
    String file = "";

    @Label("Bytes")
    @DataAmount
    long bytes;

    @Label("Time")
    @Description("How long it took; it ended when the event was made")
    @Timespan
    long time;
  }

  /** A block of a file that is in its place; off unless a recording asks for it. */
  @Name("io.fastsafetensors.BlockRead")
  @Label("Block read")
  @Description("A block of a safetensors file was read to its place, or mapped")
  @Category({"Fastsafetensors", "I/O"})
  @Enabled(false)
  @StackTrace(false)
  static final class BlockRead extends Event {
    @Label("File")
    String file = "";

    @Label("Path")
    @Description("mapped, cached, buffered, direct or peer to peer")
    String path = "";

    @Label("Offset")
    @DataAmount
    long offset;

    @Label("Bytes")
    @DataAmount
    long bytes;

    @Label("Read time")
    @Timespan
    long readTime;
  }
}
