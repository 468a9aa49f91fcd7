// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.toolkit.host.HostLimits;
import io.fastsafetensors.toolkit.host.MemoryReservation;
import io.fastsafetensors.toolkit.host.PlannedMemory;

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
    long most = Long.MAX_VALUE;
    long read = plan.bytes();
    if (!conversion.isNone()) {
      long largest = plan.files().stream().mapToLong(FilePlan::bytes).max().orElse(0);
      most = Math.max(MOST_TO_CONVERT, 2 * largest);
      most = device.isCpu() ? Math.min(most, host.reservable() / 2) : most;
      read = Math.min(read, largest + conversion.keptBytes(plan));
    }
    this.limits = FilesInFlight.Limits.of(plan, most);
    this.reading = new PlannedMemory(host, read, options.path() == AccessPath.COPIED);
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
  void convert(LoadedFile file, SharedContext context, FilePlan plan) throws LoadException {
    var _ =
        converting.during(() -> {
          file.convert(context, plan, conversion);
          return file;
        });
  }

  @Override
  public void close() {
    reading.close();
    converting.close();
  }
}
