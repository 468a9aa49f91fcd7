// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.FileFacts;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.LocalFiles;
import io.fastsafetensors.toolkit.io.PlannedFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** A file that Linux knows, with its way past the page cache and what is known of that cache. */
final class PosixFile extends PlannedFile {
  private static final int CLOSED = -1;

  private final Libc libc;
  private final IoMonitor monitor;
  private final boolean dropCache;
  private int descriptor = CLOSED;
  private @Nullable DirectFile direct;
  private @Nullable PageCache cache;
  private BitSet cachedByUs = new BitSet();

  /**
   * Plans to read a file.
   *
   * @param libc the system
   * @param plan what to read
   * @param monitor asked whether to go on when a call was interrupted
   * @param dropCache whether what the load brings into the page cache leaves it again
   */
  PosixFile(Libc libc, RangePlan plan, IoMonitor monitor, boolean dropCache) {
    super(PosixSession.BACKEND, plan);
    this.libc = libc;
    this.monitor = monitor;
    this.dropCache = dropCache;
  }

  @Override
  protected void openSource() throws IOException {
    LocalFiles.check(PosixSession.BACKEND, path());
    try {
      descriptor = (int) ErrnoException.check("open", libc.open(path(), false));
      FileFacts facts = FileFacts.of(libc, descriptor);
      direct = new DirectFile(libc, descriptor, facts.direct());
      cache = new PageCache(libc, descriptor, facts.size());
    } catch (ErrnoException e) {
      throw refused(0, size(), e);
    }
    if (dropCache) {
      cachedByUs = cache().emptyCells();
    }
  }

  @Override
  protected State state() throws IOException {
    FileFacts facts = facts();
    return State.of(facts.regular(), facts.size(), facts.modified());
  }

  /** Returns what the open file is at this moment. */
  FileFacts facts() throws LoadException {
    try {
      return FileFacts.of(libc, descriptor);
    } catch (ErrnoException e) {
      throw refused(0, size(), e);
    }
  }

  /** Makes the error of a refused call. */
  LoadException refused(long offset, long bytes, ErrnoException e) {
    return error(offset, bytes, String.valueOf(e.getMessage()), e);
  }

  int descriptor() {
    return descriptor;
  }

  DirectFile direct() {
    return opened(direct);
  }

  PageCache cache() {
    return opened(cache);
  }

  private static <T> T opened(@Nullable T part) {
    if (part == null) {
      throw new IllegalStateException("the file is not open");
    }
    return part;
  }

  /** Asks whether to go on after a call that a signal ended. */
  void checkpoint() throws LoadException {
    monitor.checkpoint();
  }

  @Override
  public long grain(TransferPath way) {
    return way == TransferPath.DIRECT ? direct().grain() : 1;
  }

  @Override
  public boolean canReadInPlace(TransferPath way, long address, long offset, long bytes) {
    return way != TransferPath.DIRECT || direct().fits(address, offset, bytes);
  }

  /** Reads past the page cache only as far as the file system takes part. */
  @Override
  public TransferPath read(TransferPath wanted, MemorySegment target, long offset)
      throws LoadException {
    TransferPath taken = wanted;
    long bytes = Math.min(target.byteSize(), size() - offset);
    if (wanted == TransferPath.BUFFERED) {
      cache().prefetch(offset, bytes);
    }
    for (long done = 0; done < bytes; ) {
      MemorySegment rest = done == 0 ? target : target.asSlice(done);
      int past = wanted == TransferPath.DIRECT ? directFor(rest, offset + done) : -1;
      long answer = libc.pread(past < 0 ? descriptor : past, rest, offset + done);
      if (past >= 0 && (answer == -Errno.EINVAL || answer == -Errno.EFAULT)) {
        direct().refuse("a read with O_DIRECT: " + Errno.name((int) -answer));
      } else {
        done += checked(answer, offset + done, bytes - done);
        taken = wanted == TransferPath.DIRECT && past < 0 ? TransferPath.BUFFERED : taken;
      }
    }
    return taken;
  }

  /** Returns the descriptor past the page cache if there is one and the read keeps its rules. */
  private int directFor(MemorySegment rest, long offset) {
    return direct().fits(rest.address(), offset, rest.byteSize()) ? direct().descriptor() : -1;
  }

  private long checked(long answer, long offset, long wanted) throws LoadException {
    if (answer == -Errno.EINTR) {
      checkpoint();
      return 0;
    }
    if (answer == 0) {
      throw endsAt(offset, wanted);
    }
    if (answer < 0) {
      throw refused(offset, wanted, ErrnoException.of("pread", answer));
    }
    return answer;
  }

  @Override
  public void close() {
    if (cache != null) {
      cache.drop(cachedByUs);
      cache.close();
      cache = null;
    }
    if (direct != null) {
      direct.close();
      direct = null;
    }
    if (descriptor != CLOSED) {
      libc.close(descriptor);
      descriptor = CLOSED;
    }
  }
}
