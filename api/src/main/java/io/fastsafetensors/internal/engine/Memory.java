// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;

/**
 * A buffer that tensors share, and the operations that run on it; the last to let go frees it, so
 * that closing never pulls memory away from a copy that another thread is making.
 */
final class Memory {
  private final SharedContext context;
  private final DeviceBuffer buffer;
  private final Count holders = new Count(this::free);
  private volatile boolean viewsEnded;

  /** Takes over a buffer; the caller is the first holder. */
  Memory(SharedContext context, DeviceBuffer buffer) {
    context.retain();
    this.context = context;
    this.buffer = buffer;
  }

  /** Allocates a buffer; the caller is the first holder. */
  static Memory allocate(SharedContext context, long bytes) throws LoadException {
    return new Memory(context, context.attached().allocate(bytes, Layout.ALIGNMENT));
  }

  SharedContext context() {
    return context;
  }

  DeviceBuffer buffer() {
    return buffer;
  }

  boolean tryRetain() {
    return holders.tryRetain();
  }

  void retain() {
    holders.retain();
  }

  void release() {
    holders.release();
  }

  /** Ends all views, also while an operation still runs on the memory. */
  void endViews() {
    viewsEnded = true;
  }

  boolean viewsEnded() {
    return viewsEnded;
  }

  private void free() {
    context.attached();
    buffer.close();
    context.release();
  }
}
