// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Region;
import org.jspecify.annotations.Nullable;

/** Memory that is used again and again, and grows as needed. */
final class Scratch implements AutoCloseable {
  private final SharedContext context;
  private @Nullable Memory memory;

  Scratch(SharedContext context) {
    this.context = context;
  }

  /** Returns so many bytes, whose content is nobody's any more. */
  Region region(long bytes) throws LoadException {
    Memory known = memory;
    if (known == null || known.buffer().size() < bytes) {
      close();
      known = Memory.allocate(context, bytes);
      memory = known;
    }
    return Region.of(known.buffer(), 0, bytes);
  }

  @Override
  public void close() {
    Memory known = memory;
    memory = null;
    if (known != null) {
      known.release();
    }
  }
}
