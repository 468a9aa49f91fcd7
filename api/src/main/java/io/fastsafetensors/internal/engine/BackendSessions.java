// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;

/**
 * The sessions of one load: the chosen backend's, and those of the next ones for files that it
 * can't serve.
 */
final class BackendSessions implements AutoCloseable {
  private static final Logger LOG = System.getLogger(BackendSessions.class.getName());

  private final Candidates<IoBackend> candidates;
  private final DeviceContext context;
  private final IoOptions options;
  private final List<Opened> opened = new ArrayList<>();
  private final List<PendingFile> pending = new ArrayList<>();

  private record Opened(IoBackend backend, IoSession session) {}

  BackendSessions(Candidates<IoBackend> candidates, DeviceContext context, IoOptions options) {
    this.candidates = candidates;
    this.context = context;
    this.options = options;
  }

  /** Starts reading a file by the first backend that can serve it. */
  PendingFile submit(FilePlan plan) throws LoadException {
    PendingFile file = new PendingFile(this, plan);
    pending.add(file);
    return file;
  }

  /** Submits to the first backend, from the given one on, that doesn't lack what the file needs. */
  Submission submit(FilePlan plan, int from, String reasons) throws LoadException {
    Opened choice = session(from);
    try {
      return new Submission(
          from, choice.backend().id(), choice.session().submit(plan.ranges()), reasons);
    } catch (UnsupportedTransferException e) {
      return submit(plan, from + 1, addReason(reasons, e));
    }
  }

  /** Notes why a backend couldn't serve a file. */
  static String addReason(String reasons, UnsupportedTransferException e) {
    LOG.log(Level.INFO, "falling back to the next backend: {0}", e.getMessage());
    return reasons + e.getMessage() + "; ";
  }

  private Opened session(int index) throws LoadException {
    if (index == opened.size()) {
      IoBackend backend = candidates.next();
      opened.add(new Opened(backend, backend.open(context, options)));
    }
    return opened.get(index);
  }

  /** Returns which backends were considered. */
  List<PluginReport> reports() {
    return candidates.reports();
  }

  /** Drains all files, then closes the sessions, the last opened first. */
  @Override
  public void close() {
    pending.forEach(PendingFile::close);
    opened.reversed().forEach(o -> o.session().close());
  }
}
