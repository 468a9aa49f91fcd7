// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The switches and counters of one simulated device; thread-safe.
 *
 * @since 0.1
 */
public final class SimDevice {
  /** How long an operation stays queued while nobody asks for its mark. */
  public static final Duration DEFAULT_DELAY = Duration.ofMillis(50);

  final AtomicInteger contexts = new AtomicInteger();
  final AtomicInteger buffers = new AtomicInteger();
  final AtomicInteger stagingBuffers = new AtomicInteger();
  final AtomicInteger streams = new AtomicInteger();
  final Fuse allocationFuse = new Fuse();
  final Fuse operationFuse = new Fuse();
  final Fuse streamFuse = new Fuse();

  private final Device device;
  private final AtomicLong used = new AtomicLong();
  private final Queue<String> violations = new ConcurrentLinkedQueue<>();
  private volatile long totalBytes;
  private volatile boolean stalled;
  private volatile Duration delay = DEFAULT_DELAY;

  SimDevice(int index, long totalBytes) {
    this.device = new Device(SimRuntime.TYPE, index);
    this.totalBytes = totalBytes;
  }

  /**
   * Returns the device's name.
   *
   * @return {@code sim:N}
   */
  public Device device() {
    return device;
  }

  /**
   * Changes how much memory the device has; what is in use stays.
   *
   * @param bytes the new total
   */
  public void memory(long bytes) {
    totalBytes = bytes;
  }

  /**
   * Sets how late operations run when nobody waits for them; a wait for a mark, or a question
   * whether it is done, starts those before it at once.
   *
   * @param late the delay from when an operation was queued
   */
  public void delay(Duration late) {
    delay = late;
  }

  /**
   * Makes all streams of the device stand still, as a hung device does, until told otherwise;
   * closing a stream still carries out what it has.
   *
   * @param still true to stop, false to go on
   */
  public void stall(boolean still) {
    stalled = still;
  }

  /**
   * Makes an allocation fail, of device or staging memory.
   *
   * @param nth which one from now, 1 is the next; 0 none
   */
  public void failAllocation(long nth) {
    allocationFuse.blowAt(nth);
  }

  /**
   * Makes a copy or conversion fail when it is carried out.
   *
   * @param nth which one from now, 1 is the next; 0 none
   */
  public void failOperation(long nth) {
    operationFuse.blowAt(nth);
  }

  /**
   * Makes the creation of a stream fail.
   *
   * @param nth which one from now, 1 is the next; 0 none
   */
  public void failStream(long nth) {
    streamFuse.blowAt(nth);
  }

  /**
   * Counts what is open.
   *
   * @return the counts now
   */
  public SimUsage usage() {
    return new SimUsage(
        contexts.get(), buffers.get(), stagingBuffers.get(), streams.get(), used.get());
  }

  /**
   * Returns the breaches of the SPI's rules that the device noticed: threads that did not attach,
   * operations on freed memory, a context closed too early.
   *
   * @return one line a breach, oldest first
   */
  public List<String> violations() {
    return List.copyOf(violations);
  }

  boolean isStalled() {
    return stalled;
  }

  Duration delay() {
    return delay;
  }

  long totalBytes() {
    return totalBytes;
  }

  long freeBytes() {
    return Math.max(0, totalBytes - used.get());
  }

  IllegalStateException violation(String what) {
    String line = device + ": " + what;
    violations.add(line);
    return new IllegalStateException(line);
  }

  synchronized void reserve(long bytes) throws DeviceMemoryException {
    if (bytes > freeBytes()) {
      throw new DeviceMemoryException(
          device, bytes, freeBytes(), "the simulated device is full", null);
    }
    used.addAndGet(bytes);
  }

  void release(long bytes) {
    used.addAndGet(-bytes);
  }
}
