// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.spi.LoadedRanges;

/** A file being read; knows how to go to the next backend. */
final class PendingFile implements AutoCloseable {
  private final BackendSessions sessions;
  private final FilePlan plan;
  private Submission submission;

  PendingFile(BackendSessions sessions, FilePlan plan) throws LoadException {
    this.sessions = sessions;
    this.plan = plan;
    this.submission = sessions.submit(plan, 0, "");
  }

  FilePlan plan() {
    return plan;
  }

  /** Returns the id of the backend that reads the file. */
  String backend() {
    return submission.backend();
  }

  /** Returns why other backends couldn't serve the file; empty if none had to be asked. */
  String fallbackReasons() {
    return submission.reasons();
  }

  /** Waits until every byte is there; the caller owns the buffers. */
  LoadedRanges await() throws LoadException {
    try {
      return submission.ticket().await();
    } catch (UnsupportedTransferException e) {
      submission.ticket().close();
      String reasons = BackendSessions.addReason(submission.reasons(), e);
      submission = sessions.submit(plan, submission.session() + 1, reasons);
      return await();
    }
  }

  @Override
  public void close() {
    submission.ticket().close();
  }
}
