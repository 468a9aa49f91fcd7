// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.TransferException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.spi.IoBackend.OpenFile;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A file that a backend has open, and its mapping. All calls of the backend's are made here: what
 * they throw becomes an error that names the file. Thread-safe, but for {@link #close}.
 */
final class OpenedFile {
  private static final Logger LOG = System.getLogger(OpenedFile.class.getName());

  private final String backend;
  private final Path path;
  private final OpenFile file;
  private final SharedContext context;
  private final Optional<Object> version;
  private volatile @Nullable Memory mapping;
  private volatile boolean unmappable;

  /**
   * Takes over an open file.
   *
   * @param version what the file was when its header was read; empty if nobody knows
   */
  OpenedFile(
      String backend, Path path, OpenFile file, SharedContext context, Optional<Object> version) {
    this.backend = backend;
    this.path = path;
    this.file = file;
    this.context = context;
    this.version = version;
  }

  Path path() {
    return path;
  }

  boolean mayHang() {
    return file.mayHang();
  }

  /** Fills memory; a failure of a file that was written to says that. */
  TransferPath read(MemorySegment target, long offset) throws LoadException {
    try {
      return file.read(target, offset);
    } catch (ClosedByInterruptException e) {
      throw failed(offset, target.byteSize(), e);
    } catch (IOException e) {
      checkUnchanged();
      throw failed(offset, target.byteSize(), e);
    } catch (RuntimeException e) {
      if (!target.scope().isAlive()) {
        throw new IllegalStateException("the target's arena was closed while it was read to", e);
      }
      throw BackendSession.broken(backend, path, "read threw " + Printable.line(e.toString()), e);
    }
  }

  private LoadException failed(long offset, long bytes, IOException e) {
    return switch (e) {
      case LoadException own -> own;
      case ClosedByInterruptException _ ->
          new LoadCancelledException(path + ": the thread was interrupted", false);
      default ->
          new TransferException(backend, path, offset, bytes, "can't read: " + IoReason.of(e), e);
    };
  }

  /** Makes sure that the file is still the one whose header was read. */
  void checkUnchanged() throws LoadException {
    try {
      Optional<Object> now = file.version();
      if (version.isPresent() && now.isPresent() && !version.equals(now)) {
        throw changed("the file was written to or replaced since its header was read");
      }
    } catch (IOException e) {
      throw failed(0, 0, e);
    }
  }

  /** Makes the error of a file that is another one by now. */
  TransferException changed(String how) {
    return new TransferException(
        backend, path, 0, 0, how + "; open the checkpoint again when nobody writes to it", null);
  }

  boolean isCached(long offset, long bytes) {
    return file.isCached(offset, bytes);
  }

  /** Returns the mapping of the whole file, which this holds; null if there is none. */
  @Nullable Memory mapping() {
    Memory known = mapping;
    return known != null || unmappable ? known : map();
  }

  private synchronized @Nullable Memory map() {
    if (mapping == null && !unmappable) {
      mapping = mapAlone();
      unmappable = mapping == null;
    }
    return mapping;
  }

  /** Maps the whole file for the caller, who holds the mapping; null if that can't be. */
  @Nullable Memory mapAlone() {
    try {
      return file.map().map(buffer -> Memory.of(context, buffer, path)).orElse(null);
    } catch (IOException e) {
      LOG.log(Level.DEBUG, () -> path + " can't be mapped: " + e);
      return null;
    }
  }

  /** Closes the file; what was given out of its mapping stays. */
  void close() {
    Memory held = mapping;
    Cleanup.all(
        file::close,
        () -> {
          if (held != null) {
            held.release();
          }
        });
  }
}
