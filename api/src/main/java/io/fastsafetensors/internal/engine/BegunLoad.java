// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.spi.Transport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A load that goes on behind the buffer of its tensors. */
final class BegunLoad {
  private final LoadJob job;
  private final LoadState state;
  private final ArrivingTensors tensors;
  private final Function<LoadJob.Result, LoadReport> reporting;
  private volatile @Nullable LoadReport report;

  /**
   * Makes a load that has not begun; takes over the job.
   *
   * @param cancellation ends it
   * @param reporting makes the report of a load that has succeeded
   */
  BegunLoad(
      LoadJob job, Cancellation cancellation, Function<LoadJob.Result, LoadReport> reporting) {
    this.job = job;
    this.reporting = reporting;
    this.state = new LoadState(job.signal());
    this.tensors = job.arriving(state, cancellation);
  }

  /** Returns the buffer of its tensors, which ends the load when it is closed. */
  FileBuffer buffer(Catalog catalog, Transport givers, boolean caching) {
    return new DefaultFileBuffer(catalog, tensors, this::report, job.context(), givers, caching);
  }

  /**
   * Begins to load; returns once the first file is read, or there is none. On the caller's thread
   * if the system allows no other.
   *
   * @param buffer is returned, or closed
   * @throws LoadException what kept the load from beginning
   */
  FileBuffer begin(FileBuffer buffer) throws LoadException {
    try {
      if (!LoadThreads.tryStart(this::run)) {
        run();
      }
      state.awaitBegun();
      return buffer;
    } catch (Throwable e) {
      Cleanup.after(e, buffer::close);
      throw e;
    }
  }

  /** Loads. This thread waits in bounded time only: the job's own may be left behind. */
  private void run() {
    try (job) {
      LoadReport made = reporting.apply(job.run());
      report = made;
      job.events().ended(made);
    } catch (Throwable e) {
      job.events().failed(e);
      state.failed(e);
    } finally {
      state.ended();
    }
  }

  /** Returns what was done, until the end what was done so far. */
  LoadReport report() {
    LoadReport made = report;
    return made == null ? job.report() : made;
  }
}
