// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/** Where the bytes of an extent come from. */
public sealed interface Content {
  /** Bytes of which any part can be had at any time, by several threads at once. */
  non-sealed interface Placed extends Content {
    /**
     * Copies bytes; blocks until all are there.
     *
     * @param offset the first, counted from the start of the extent
     * @param target takes as many as it has room for, which the extent has
     * @throws IOException if they can't be had
     */
    void read(long offset, MemorySegment target) throws IOException;

    /**
     * Returns the bytes where they are, if they can be written from there.
     *
     * @return native memory that all threads may read, or null
     */
    default @Nullable MemorySegment memory() {
      return null;
    }

    /** Returns whether only the thread that saves may read them. */
    default boolean isConfined() {
      return false;
    }
  }

  /** Bytes that are given one after the other. */
  @FunctionalInterface
  non-sealed interface Pushed extends Content {
    /**
     * Gives all bytes.
     *
     * @param channel takes them
     * @throws IOException if they can't be had
     */
    void writeTo(WritableByteChannel channel) throws IOException;
  }

  /** Bytes that {@link FileSave#put} brings. */
  enum Arriving implements Content {
    /** The only one. */
    BYTES
  }
}
