// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.file.Preallocation;
import io.fastsafetensors.internal.file.StagedFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A file that is being written, each byte once and in any order. Several threads may write at a
 * time; the last of them finishes it.
 */
public final class OutputFile implements AutoCloseable {
  private static final long SHORT_ROW = 16 << 10;

  private final OutputPlan plan;
  private final StagedFile staged;
  private final DirectChannel direct;
  private final AtomicLong missing;
  private final Lock shortRows = new ReentrantLock();
  private volatile @Nullable Tail tail;

  /** What the file has after its last whole page. */
  private record Tail(long position, MemorySegment bytes) {}

  private OutputFile(OutputPlan plan, StagedFile staged, DirectChannel direct) {
    this.plan = plan;
    this.staged = staged;
    this.direct = direct;
    this.missing = new AtomicLong(plan.ownBytes());
  }

  /**
   * Makes a file beside its place, in its full size if it is written past the page cache; or opens
   * one that was made so.
   */
  @SuppressWarnings("MustBeClosedChecker") // closed with the file
  static OutputFile make(OutputPlan plan, boolean wantsDirect) throws IOException {
    StagedFile staged = stage(plan, wantsDirect);
    try {
      DirectChannel direct =
          wantsDirect ? DirectChannel.open(staged.path()) : DirectChannel.none("not asked for");
      return new OutputFile(plan, staged, direct);
    } catch (Throwable e) {
      staged.close();
      throw e;
    }
  }

  private static StagedFile stage(OutputPlan plan, boolean wantsDirect) throws IOException {
    if (plan.isJoined()) {
      return StagedFile.join(plan.temporary());
    }
    StagedFile.Preparer preparer =
        wantsDirect ? file -> setSize(file, plan.bytes()) : StagedFile.Preparer.NONE;
    return StagedFile.make(plan.temporary(), plan.rights(), preparer);
  }

  /** Writes of a file that grows, or that has no blocks yet, would wait for each other. */
  private static void setSize(Path file, long bytes) throws IOException {
    if (file.getFileSystem().equals(FileSystems.getDefault())) {
      try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
        sized.setLength(bytes);
      }
      Preallocation.allocate(file, bytes);
    }
  }

  /** Returns what is written. */
  public OutputPlan plan() {
    return plan;
  }

  /** Returns what the places of blocks have to be multiples of; 1 if any place will do. */
  long alignment() {
    return direct.alignment();
  }

  /** Returns why the file is, or was, written through the page cache; null if it isn't. */
  public @Nullable String whyBuffered() {
    return direct.refusal();
  }

  /** Writes bytes of native memory; blocks until the system has them. */
  private void write(long position, MemorySegment bytes) throws IOException {
    boolean isDirect = direct.takes(position, bytes);
    try {
      writeAll(isDirect ? direct.channel() : staged.channel(), position, bytes.asByteBuffer());
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      if (!isDirect) {
        throw e;
      }
      // What refuses direct writes only when they come may take others, or say why it doesn't.
      writeAll(staged.channel(), position, bytes.asByteBuffer());
      direct.refuse(e);
    }
  }

  /** Writes bytes, or keeps a copy until all others are written: of what is after whole pages. */
  void writeInTurn(long position, MemorySegment bytes) throws IOException {
    if (isTail(position, bytes)) {
      tail = new Tail(position, MemorySegment.ofArray(bytes.toArray(ValueLayout.JAVA_BYTE)));
    } else {
      write(position, bytes);
    }
  }

  /**
   * Writes rows; of short ones one thread does at a time. The kernel has threads that write through
   * the page cache wait for each other at each row, which takes longer than the row.
   */
  void writeRows(long rowBytes, SaveThreads.Work writing) throws IOException {
    if (rowBytes >= SHORT_ROW) {
      writing.run();
      return;
    }
    shortRows.lock();
    try {
      writing.run();
    } finally {
      shortRows.unlock();
    }
  }

  /** Returns whether bytes are all that the file has after its last whole page. */
  private boolean isTail(long position, MemorySegment bytes) {
    return bytes.byteSize() < alignment()
        && position % alignment() == 0
        && position + bytes.byteSize() == plan.bytes();
  }

  /** Counts bytes that were written or kept; tells whether those were the last. */
  boolean isLast(long bytes) {
    return missing.addAndGet(-bytes) == 0;
  }

  /** Brings what was written to the disk, once that is all that is to be written here. */
  void finish() throws IOException {
    Tail last = tail;
    if (last != null) {
      writeAll(staged.channel(), last.position(), last.bytes().asByteBuffer());
    }
    staged.flush();
  }

  /**
   * Gives a finished file its name, in place of what has it.
   *
   * @param target the name, in the file's folder
   * @throws IOException if that fails
   */
  public void moveTo(Path target) throws IOException {
    staged.moveTo(target);
  }

  /** Returns where the file is until it has its name. */
  public Path path() {
    return staged.path();
  }

  private static void writeAll(FileChannel channel, long position, ByteBuffer bytes)
      throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
  }

  /** Closes the file; deletes it if it has no name. */
  @Override
  public void close() throws IOException {
    try (staged) {
      direct.close();
    }
  }
}
