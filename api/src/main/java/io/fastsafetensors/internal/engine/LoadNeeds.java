// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.internal.plan.WantedPart;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.toolkit.host.HostLimits;
import io.fastsafetensors.toolkit.host.MemoryReservation;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import java.util.List;

/**
 * The host memory that a load needs beside the page cache: for what it reads, and for what it makes
 * of it. On other devices, where the host has next to nothing of it, that is none.
 */
final class LoadNeeds implements AutoCloseable {
  /** What is to be converted should not wait in memory twice, in bytes. */
  private static final long MOST_TO_CONVERT = 1L << 30;

  private final Conversion conversion;
  private final PlannedMemory reading;
  private final MemoryReservation converting;
  private final MemoryReservation gathering;
  private final FilesInFlight.Limits limits;

  /**
   * Promises the memory of what is converted; that of what is read is promised when a backend finds
   * that it has to copy.
   *
   * @throws DeviceMemoryException if there is less
   */
  LoadNeeds(
      LoadPlan plan, LoadOptions options, Conversion conversion, Device device, HostLimits host)
      throws DeviceMemoryException {
    this.conversion = conversion;
    long converted = device.isCpu() ? conversion.movedBytes(plan) : 0;
    this.converting = host.reserve(converted);
    this.gathering = gathering(plan, device, host);
    long most = Long.MAX_VALUE;
    long read = plan.heldBytes(RowGathering.WINDOW);
    if (!conversion.isNone()) {
      long largest = plan.files().stream().mapToLong(FilePlan::bytes).max().orElse(0);
      most = Math.max(MOST_TO_CONVERT, 2 * largest);
      most = device.isCpu() ? Math.min(most, host.reservable() / 2) : most;
      read = Math.min(read, largest + conversion.keptBytes(plan));
    }
    this.limits = FilesInFlight.Limits.of(plan, most);
    this.reading = new PlannedMemory(host, read, options.path() == AccessPath.COPIED);
  }

  /** Promises the memory for rows that are copied out of what is read. */
  private MemoryReservation gathering(LoadPlan plan, Device device, HostLimits host)
      throws DeviceMemoryException {
    try {
      return host.reserve(device.isCpu() ? plan.gatheredBytes() : 0);
    } catch (DeviceMemoryException | RuntimeException | Error e) {
      converting.close();
      throw e;
    }
  }

  /** Returns what is converted. */
  Conversion conversion() {
    return conversion;
  }

  /** Returns what backends ask for when they copy. */
  LoadMemory reading() {
    return reading;
  }

  /** Returns how much may be read at a time. */
  FilesInFlight.Limits limits() {
    return limits;
  }

  /** Converts what was loaded of a file, to memory that was promised. */
  void convert(LoadedFile file, SharedContext context, List<WantedPart> parts)
      throws LoadException {
    var _ =
        converting.during(() -> {
          file.convert(context, parts, conversion);
          return file;
        });
  }

  /** Allocates memory for rows that are copied out of what is read, which was promised. */
  TensorBatch gather(SharedContext context, List<TensorSpec> specs) throws LoadException {
    return gathering.<TensorBatch, LoadException>during(() -> TensorBatch.allocate(context, specs));
  }

  @Override
  public void close() {
    reading.close();
    converting.close();
    gathering.close();
  }
}
