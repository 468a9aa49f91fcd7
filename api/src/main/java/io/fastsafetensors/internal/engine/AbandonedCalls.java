// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The calls of a loader whose callers could not wait for their end. What such a call may still
 * write to stays its own until it ends. Thread-safe.
 */
final class AbandonedCalls {
  private static final Logger LOG = System.getLogger(AbandonedCalls.class.getName());

  private final Set<HeldFiles> calls = ConcurrentHashMap.newKeySet();

  /** Returns how much memory such calls keep. */
  long bytes() {
    return calls.stream().mapToLong(HeldFiles::bytes).sum();
  }

  void add(HeldFiles call) {
    calls.add(call);
    LOG.log(Level.ERROR, () -> "a load was left behind: " + call.describe());
  }

  void ended(HeldFiles call, long seconds) {
    calls.remove(call);
    LOG.log(
        Level.INFO,
        () -> "a load that was left behind has ended after " + seconds + " s, its memory is freed");
  }
}
