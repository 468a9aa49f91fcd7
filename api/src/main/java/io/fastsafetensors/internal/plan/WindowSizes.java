// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.toolkit.io.FileRead;
import org.jspecify.annotations.Nullable;

/**
 * How a window of memory is used: what is given out, and read, at a time.
 *
 * @param window the memory, in bytes
 * @param receivers for how many ranks one reads; 0 if each reads for itself
 */
public record WindowSizes(long window, int receivers) {
  private static final long MIB = 1 << 20;

  /** So many steps are read, or wait to be used, at a time. */
  private static final int STEPS = 8;

  /** Enough of a file to keep storage busy with a few of them. */
  private static final long MOST_STEP = 32 * MIB;

  /** How many chunks are read at a time. */
  private static final int CHUNKS = 3;

  /** Which share of the window chunks may take, one of so many. */
  private static final int SHARE = 4;

  private static final long PAGE = 4 << 10;

  /** What lies between tensors, is read along, or is lost to alignment, for each run of bytes. */
  private static final long PADDING = 16 << 10;

  /** Tensors that are read side by side may be this far apart. */
  private static final long MAX_GAP = FileRead.MAX_GAP + PADDING;

  private static final long ALIGNMENT = 256;

  /** Returns about how many bytes are given out together. */
  public long step() {
    return Math.min(MOST_STEP, window / STEPS);
  }

  /** Returns the size of chunks out of which rows are copied, in bytes. */
  public long chunk() {
    return Math.max(PAGE, Math.min(Chunks.BYTES, window / SHARE / chunksHeld()) & -PAGE);
  }

  /** Returns how many bytes of chunks are read at a time. */
  public long chunksRead() {
    return CHUNKS * chunk();
  }

  /** Returns the most bytes that chunks, and what is sent and has arrived of them, take. */
  public long chunks() {
    return chunksHeld() * (chunk() + PADDING);
  }

  /** A reader has what it sends to each, and what it got. */
  private long chunksHeld() {
    return receivers == 0 ? CHUNKS : CHUNKS + receivers + 1L;
  }

  /** Returns how large a step can be. */
  long most(boolean hasChunks) {
    return window - (hasChunks ? chunks() : 0);
  }

  /** Returns the least window for a step of so many bytes. */
  long least(long bytes, boolean hasChunks) {
    long least = Math.multiplyExact(Math.ceilDiv(bytes, MIB), MIB);
    while (new WindowSizes(least, receivers).most(hasChunks) < bytes) {
      least = Math.addExact(least, Math.max(MIB, least / 16 / MIB * MIB));
    }
    return least;
  }

  /** Returns the window that a rank asks for: no more than its budget. */
  public static long asked(StreamOptions options) {
    return Math.min(options.window(), options.load().memoryBudget());
  }

  /** Returns what a part takes that is read to its place, maybe together with the one before. */
  static long read(WantedPart part, @Nullable WantedPart previous) {
    long between = PADDING;
    if (previous != null && previous.entry().file().index() == part.entry().file().index()) {
      long gap = part.range().begin() - previous.range().end();
      between = gap < 0 || gap > MAX_GAP ? PADDING : gap;
    }
    return Math.addExact(part.bytes(), between + ALIGNMENT);
  }

  /** Returns what bytes take that are copied to a place of their own. */
  static long copied(long bytes) {
    return bytes == 0 ? 0 : Math.addExact(bytes, ALIGNMENT);
  }

  /** Returns the memory that a run of reads takes, at most. */
  public static long of(FilePlan plan) {
    long bytes = 0;
    WantedPart previous = null;
    for (WantedPart part : plan.tensors()) {
      bytes = Math.addExact(bytes, read(part, previous));
      previous = part;
    }
    return bytes;
  }
}
