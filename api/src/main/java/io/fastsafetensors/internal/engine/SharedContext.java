// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.registry.Candidates;
import io.fastsafetensors.internal.registry.Registry;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.DeviceStream;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** An open device that loaders, buffers and copies share; the last to let go closes it. */
final class SharedContext {
  /** How long one copy or conversion on a device may take. */
  private static final Duration OPERATION_TIMEOUT = Duration.ofMinutes(10);

  private final DeviceContext context;
  private final Device device;
  private final List<PluginReport> candidates;
  private final Queue<DeviceStream> idleStreams = new ConcurrentLinkedQueue<>();
  private final RefCount holders = new RefCount(this::closeContext);

  /**
   * Takes over a context; the caller is the first holder.
   *
   * @param candidates the runtimes considered for it, the preferred first
   */
  SharedContext(DeviceContext context, List<PluginReport> candidates) {
    this.context = context;
    this.device = context.device();
    this.candidates = candidates;
  }

  /** Opens a device by the best runtime available; the caller is the first holder. */
  static SharedContext open(Registry registry, Device device) throws LoadException {
    Candidates<DeviceRuntime> runtimes = registry.runtimes(device);
    DeviceContext context = runtimes.next().open(device);
    return new SharedContext(context, runtimes.reports());
  }

  Device device() {
    return device;
  }

  /** Returns which runtimes were considered for the device, the preferred first. */
  List<PluginReport> candidates() {
    return candidates;
  }

  /** Returns the device, with the calling thread attached to it. */
  DeviceContext attached() {
    context.attach();
    return context;
  }

  void retain() {
    holders.retain();
  }

  void release() {
    holders.release();
  }

  /** Work on a stream. */
  @FunctionalInterface
  interface StreamWork {
    void on(DeviceStream stream) throws LoadException;
  }

  /**
   * Runs work on a stream of its own, and waits until the device is done with it, also after a
   * failure. The caller keeps the memory that the work touches.
   */
  void run(StreamWork work) throws LoadException {
    context.attach();
    DeviceStream pooled = idleStreams.poll();
    DeviceStream stream = pooled == null ? context.newStream() : pooled;
    try {
      work.on(stream);
      stream.record().await(Deadline.after(OPERATION_TIMEOUT));
    } catch (Throwable e) {
      // Not pooled: closing is what waits for the rest, and nobody inherits its failures.
      Cleanup.after(e, stream::close);
      throw e;
    }
    idleStreams.add(stream);
  }

  private void closeContext() {
    context.attach();
    Cleanup.all(() -> Cleanup.each(idleStreams, DeviceStream::close), context::close);
  }
}
