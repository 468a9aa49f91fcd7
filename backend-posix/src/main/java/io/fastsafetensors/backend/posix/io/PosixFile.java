// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.TransferException;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.FileFacts;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.spi.RangePlan;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The open file of a plan, and its state when it was opened. Thread-safe. */
final class PosixFile implements AutoCloseable {
  private static final String REMEDY = "load again when nobody writes to it";

  private final Libc libc;
  private final Path path;
  private final int descriptor;
  private final FileFacts facts;
  private final DirectFile direct;
  private final PageCache cache;

  private PosixFile(Libc libc, Path path, int descriptor, FileFacts facts) {
    this.libc = libc;
    this.path = path;
    this.descriptor = descriptor;
    this.facts = facts;
    this.direct = new DirectFile(libc, descriptor, facts.direct());
    this.cache = new PageCache(libc, descriptor, facts.size());
  }

  /**
   * Opens the file of a plan.
   *
   * @throws UnsupportedTransferException if it is no regular file that Linux knows
   * @throws TransferException if it can't be opened, or if it has not the size of the plan
   */
  static PosixFile open(Libc libc, RangePlan plan) throws TransferException {
    Path path = plan.file();
    if (!path.getFileSystem().equals(FileSystems.getDefault())) {
      throw unsupported(path, "is in a file system that Linux doesn't know");
    }
    try {
      int descriptor = (int) ErrnoException.check("open", libc.open(path, false));
      try {
        return new PosixFile(libc, path, descriptor, facts(libc, descriptor, plan));
      } catch (ErrnoException | TransferException | RuntimeException | Error e) {
        libc.close(descriptor);
        throw e;
      }
    } catch (ErrnoException e) {
      throw failed(path, 0, plan.fileSize(), e);
    }
  }

  private static FileFacts facts(Libc libc, int descriptor, RangePlan plan)
      throws ErrnoException, TransferException {
    FileFacts facts = FileFacts.of(libc, descriptor);
    if (!facts.regular()) {
      throw unsupported(plan.file(), "is no regular file");
    }
    if (facts.size() != plan.fileSize()) {
      throw changed(plan.file(), plan.fileSize(), facts.size());
    }
    return facts;
  }

  Path path() {
    return path;
  }

  int descriptor() {
    return descriptor;
  }

  long size() {
    return facts.size();
  }

  /** Returns how many bytes of a read the file has: the last may pass its end. */
  long bytes(FileRead read) {
    return Math.min(read.end(), size()) - read.offset();
  }

  DirectFile direct() {
    return direct;
  }

  PageCache cache() {
    return cache;
  }

  /**
   * Makes sure that nobody wrote to the file since it was opened.
   *
   * @throws TransferException if somebody did
   */
  void checkUnchanged() throws TransferException {
    try {
      FileFacts now = FileFacts.of(libc, descriptor);
      if (now.size() != size()) {
        throw changed(path, size(), now.size());
      }
      if (now.modified() != facts.modified()) {
        throw error(path, 0, size(), "the file was written to while it was read; " + REMEDY, null);
      }
    } catch (ErrnoException e) {
      throw failed(path, 0, size(), e);
    }
  }

  /** Makes the error of a refused call. */
  static TransferException failed(Path path, long offset, long bytes, ErrnoException e) {
    return error(path, offset, bytes, String.valueOf(e.getMessage()), e);
  }

  /** Makes an error. */
  static TransferException error(
      Path path, long offset, long bytes, String detail, @Nullable Throwable cause) {
    return new TransferException(PosixSession.BACKEND, path, offset, bytes, detail, cause);
  }

  private static TransferException changed(Path path, long before, long now) {
    String detail =
        "the file changed: it had %s bytes, and has %s now; %s".formatted(before, now, REMEDY);
    return error(path, 0, before, detail, null);
  }

  /** Makes the error that leaves a file to the next backend. */
  static UnsupportedTransferException unsupported(Path path, String detail) {
    return new UnsupportedTransferException(PosixSession.BACKEND, path, detail, null);
  }

  @Override
  public void close() {
    cache.close();
    direct.close();
    libc.close(descriptor);
  }
}
