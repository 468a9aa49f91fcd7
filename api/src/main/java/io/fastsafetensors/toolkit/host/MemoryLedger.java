// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What of the host's memory was promised and is not there yet, so that the kernel doesn't count it.
 * Thread-safe.
 */
final class MemoryLedger {
  private static final String REMEDY =
      "free memory, raise the limit, load fewer tensors, or map the files instead of copying them";

  /** For how long what the kernel said holds: a load of thousands of files asks a few times. */
  private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** The kernel is asked again when 1/8 of what was free has been used. */
  private static final int GLANCES = 8;

  private final Supplier<List<MemoryLimit>> source;
  private final Set<Runnable> reclaimers = new CopyOnWriteArraySet<>();
  private List<MemoryLimit> limits = List.of();
  private boolean asked;
  private long askedAt;
  private long leastFree = Long.MAX_VALUE;
  private long used;
  private long promised;
  private long underWay;

  MemoryLedger(Supplier<List<MemoryLimit>> source) {
    this.source = source;
  }

  List<MemoryLimit> limits() {
    return source.get();
  }

  void addReclaimer(Runnable reclaimer) {
    reclaimers.add(reclaimer);
  }

  void removeReclaimer(Runnable reclaimer) {
    reclaimers.remove(reclaimer);
  }

  /**
   * Promises memory.
   *
   * @throws DeviceMemoryException if there is less: nothing is promised
   */
  synchronized void promise(long bytes) throws DeviceMemoryException {
    if (bytes == 0) {
      return;
    }
    if (!asked || System.nanoTime() - askedAt > FRESH_NANOS || lacking(bytes).isPresent()) {
      ask();
    }
    if (lacking(bytes).isPresent()) {
      reclaim();
    }
    Optional<MemoryLimit> lacking = lacking(bytes);
    if (lacking.isPresent()) {
      throw exceeded(bytes, lacking.get());
    }
    promised += bytes;
  }

  /** Takes back what was promised and not used. */
  synchronized void takeBack(long bytes) {
    promised -= bytes;
  }

  /**
   * Makes sure that promised memory is still there, before it is made: other processes share the
   * limits.
   *
   * @param bytes how much is to be made
   * @param whole the size of the promise that it is a part of
   * @throws DeviceMemoryException if somebody else took it
   */
  synchronized void begin(long bytes, long whole) throws DeviceMemoryException {
    if (!asked || used + underWay + bytes > leastFree / GLANCES) {
      ask();
      if (gone(bytes, whole).isPresent()) {
        reclaim();
      }
      Optional<MemoryLimit> gone = gone(bytes, whole);
      if (gone.isPresent()) {
        throw exceeded(bytes, gone.get());
      }
    }
    underWay += bytes;
  }

  /** Notes that memory is there, and how much of it had been promised. */
  synchronized void end(long bytes, long ofPromised) {
    underWay -= bytes;
    used += bytes;
    promised -= ofPromised;
  }

  private void ask() {
    limits = source.get();
    asked = true;
    askedAt = System.nanoTime();
    used = 0;
    leastFree =
        limits.stream()
            .filter(MemoryLimit::isOfPages)
            .mapToLong(MemoryLimit::freeBytes)
            .min()
            .orElse(Long.MAX_VALUE);
  }

  private void reclaim() {
    reclaimers.forEach(Runnable::run);
    ask();
  }

  private Optional<MemoryLimit> lacking(long bytes) {
    return limits.stream()
        .filter(limit -> left(limit) + spared(limit, bytes) < bytes)
        .min(Comparator.comparingLong(this::left));
  }

  /** Returns how much less is kept back for little memory: not more than was asked for. */
  private static long spared(MemoryLimit limit, long bytes) {
    return Math.max(0, limit.margin() - bytes);
  }

  /** Finds a limit of whose margin others have taken the half. */
  private Optional<MemoryLimit> gone(long bytes, long whole) {
    return limits.stream()
        .filter(MemoryLimit::isOfPages)
        .filter(limit -> limit.freeBytes() - underWay - Math.min(limit.margin(), whole) / 2 < bytes)
        .min(Comparator.comparingLong(MemoryLimit::freeBytes));
  }

  private Optional<MemoryLimit> least() {
    return limits.stream().min(Comparator.comparingLong(this::left));
  }

  /** Returns how much may still be promised. */
  private long left(MemoryLimit limit) {
    long taken = limit.isOfPages() ? used + promised : 0;
    return limit.freeBytes() - taken - limit.margin();
  }

  /** Returns how much may still be promised by all limits, as last heard. */
  synchronized long left() {
    ask();
    return least().map(this::left).orElse(Long.MAX_VALUE);
  }

  /** Makes the error of memory that the system refused. */
  synchronized DeviceMemoryException refused(long bytes, Throwable cause) {
    ask();
    Optional<MemoryLimit> least = least();
    if (least.isPresent()) {
      return exceeded(bytes, least.get(), cause);
    }
    String detail = cause.getMessage() + "; " + REMEDY;
    return new DeviceMemoryException(Device.CPU, bytes, -1, detail, cause);
  }

  private DeviceMemoryException exceeded(long bytes, MemoryLimit limit) {
    return exceeded(bytes, limit, null);
  }

  private DeviceMemoryException exceeded(long bytes, MemoryLimit limit, @Nullable Throwable cause) {
    String detail =
        "%s%s is %s bytes, of which %s are in use, %s are promised to loads and %s are kept back for the JVM; %s"
            .formatted(
                cause == null ? "" : cause.getMessage() + "; ",
                limit.source(),
                limit.limitBytes(),
                limit.limitBytes() - limit.freeBytes(),
                limit.isOfPages() ? promised : 0,
                limit.margin() - spared(limit, bytes),
                REMEDY);
    long free = Math.max(0, left(limit) + spared(limit, bytes));
    return new DeviceMemoryException(Device.CPU, bytes, free, detail, cause);
  }
}
