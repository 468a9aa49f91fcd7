// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.toolkit.host.DescriptorLimit;

/**
 * How many files a load reads at a time.
 *
 * @param most the most files
 * @param mostBytes the most bytes of them, unless it is one file
 */
record FilesInFlight(int most, long mostBytes) {
  /** Enough to keep storage busy with small files. */
  private static final int MOST = 64;

  /** A file takes two descriptors at most; as many as half of that are left to others. */
  private static final int DESCRIPTORS = 3;

  /** Chooses for what the process may open. */
  static FilesInFlight of(LoadPlan plan, long mostBytes) {
    return new FilesInFlight(plan.files().size() == 1 ? 1 : openable(), mostBytes);
  }

  private static int openable() {
    return DescriptorLimit.read()
        .map(limit -> Math.clamp((limit.most() - limit.open()) / DESCRIPTORS, 1, MOST))
        .orElse(MOST);
  }

  /** Tells whether the next file has to wait until another is done. */
  boolean isFull(BackendSessions sessions, FilePlan next) {
    int files = sessions.filesInFlight();
    return files >= most || (files > 0 && next.bytes() > mostBytes - sessions.bytesInFlight());
  }
}
