// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.MemoryInfo;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * How much host memory this process may use: the least of the machine, each level of its control
 * group, and its ulimits. A caller that asks before it allocates gets an error when there is too
 * little; one that doesn't ask may be killed by the kernel, where memory is overcommitted. What was
 * promised and isn't there yet counts as used.
 *
 * <p>Thread-safe. What the kernel says is asked at most a few times in a moment.
 *
 * @since 0.1
 */
public final class HostLimits {
  /** Those of this process. */
  public static final HostLimits SYSTEM = new HostLimits(MemoryFiles.SYSTEM::read);

  private final MemoryLedger ledger;

  /**
   * Makes limits.
   *
   * @param source reads what there is, which is nothing where that is unknown; thread-safe
   */
  public HostLimits(Supplier<List<MemoryLimit>> source) {
    this.ledger = new MemoryLedger(source);
  }

  /**
   * Reads all limits.
   *
   * @return each with what is free below it; nothing where that is unknown
   */
  public List<MemoryLimit> limits() {
    return ledger.limits();
  }

  /**
   * Tells how much memory there is: the least of all limits.
   *
   * @return free and total bytes; empty if unknown
   */
  public Optional<MemoryInfo> memory() {
    return limits().stream()
        .map(limit -> MemoryInfo.of(limit.freeBytes(), limit.limitBytes()))
        .reduce((a, b) ->
            MemoryInfo.of(
                Math.min(a.freeBytes(), b.freeBytes()), Math.min(a.totalBytes(), b.totalBytes())));
  }

  /**
   * Names the control groups whose limits on memory this process can see: its own, and those above
   * it.
   *
   * @return their folders; none where none is mounted, and on platforms other than Linux
   */
  public static List<String> controlGroups() {
    return MemoryFiles.SYSTEM.levels().stream().map(ControlGroup::shown).toList();
  }

  /**
   * Returns how much could be reserved at the moment.
   *
   * @return bytes, negative if too much was promised; {@link Long#MAX_VALUE} if that is unknown
   */
  public long reservable() {
    return ledger.left();
  }

  /**
   * Promises memory before it is allocated. A margin stays free for the JVM itself: not more than
   * was asked for, so that little memory is had to the end.
   *
   * @param bytes how much
   * @return the promise; the caller closes it, at the latest when the memory is freed
   * @throws DeviceMemoryException if there is less, with the limit and where it comes from
   */
  public MemoryReservation reserve(long bytes) throws DeviceMemoryException {
    return MemoryReservation.of(ledger, bytes);
  }

  /**
   * Makes the error of memory that the system refused.
   *
   * @param bytes how much was needed
   * @param cause how it was refused
   * @return the error, which says how much there is and what to do
   */
  public DeviceMemoryException exceeded(long bytes, Throwable cause) {
    return ledger.refused(bytes, cause);
  }

  /**
   * Adds somebody who keeps idle memory, and gives it back to the system when it gets scarce.
   *
   * @param reclaimer gives back what it can; must not allocate. Called by any thread, also at times
   *     when it has nothing
   */
  public void addReclaimer(Runnable reclaimer) {
    ledger.addReclaimer(reclaimer);
  }

  /**
   * Removes what was added.
   *
   * @param reclaimer the same object
   */
  public void removeReclaimer(Runnable reclaimer) {
    ledger.removeReclaimer(reclaimer);
  }
}
