// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** An open device that loaders, buffers and copies share; the last to let go closes it. */
final class SharedContext {
  /** How long one copy or conversion on a device may take. */
  private static final Duration OPERATION_TIMEOUT = Duration.ofMinutes(10);

  private final DeviceContext context;
  private final Device device;
  private final Queue<DeviceStream> idleStreams = new ConcurrentLinkedQueue<>();
  private final RefCount holders = new RefCount(this::closeContext);

  /** Takes over a context; the caller is the first holder. */
  SharedContext(DeviceContext context) {
    this.context = context;
    this.device = context.device();
  }

  Device device() {
    return device;
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
