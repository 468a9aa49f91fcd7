// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.TransferException;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.backend.gds.cufile.CuFile;
import io.fastsafetensors.backend.gds.cufile.CuFileException;
import io.fastsafetensors.spi.RangePlan;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;

/**
 * The open file of a plan: a descriptor for cuFile, a channel for what is staged, and its state
 * when it was opened. Reads are thread-safe.
 */
final class GdsFile implements AutoCloseable {
  private static final String REMEDY = "load again when nobody writes to it";

  /** From this version of cuFile on, 1.7 in CUDA 12.2, files needn't be open with O_DIRECT. */
  private static final int WITHOUT_DIRECT = 1070;

  private final CuFile cufile;
  private final Path path;
  private final int descriptor;
  private final FileChannel channel;
  private final long size;
  private final FileTime modified;
  private long handle;
  private boolean registered;

  private GdsFile(CuFile cufile, RangePlan plan, int descriptor)
      throws IOException, TransferException {
    this.cufile = cufile;
    this.path = plan.file();
    this.descriptor = descriptor;
    BasicFileAttributes facts = facts();
    if (!facts.isRegularFile()) {
      throw unsupported("is no regular file", null);
    }
    this.size = plan.fileSize();
    this.modified = facts.lastModifiedTime();
    checkSize(facts);
    this.channel = FileChannel.open(link(), StandardOpenOption.READ); // the same file for sure
  }

  /**
   * Opens the file of a plan.
   *
   * @throws UnsupportedTransferException if it is no regular file that Linux knows, or cuFile can't
   *     read past the page cache here and needs to
   * @throws TransferException if it can't be opened, or if it has not the size of the plan
   */
  static GdsFile open(CuFile cufile, RangePlan plan) throws TransferException {
    Path path = plan.file();
    if (!path.getFileSystem().equals(FileSystems.getDefault())) {
      throw unsupported(path, "is in a file system that Linux doesn't know", null);
    }
    try {
      int descriptor = descriptor(cufile, path);
      try {
        return new GdsFile(cufile, plan, descriptor);
      } catch (IOException | RuntimeException | Error e) {
        cufile.close(descriptor);
        throw e;
      }
    } catch (TransferException e) {
      throw e;
    } catch (IOException e) {
      throw error(path, 0, plan.fileSize(), e);
    }
  }

  private static int descriptor(CuFile cufile, Path path)
      throws CuFileException, UnsupportedTransferException {
    try {
      return cufile.open(path, true);
    } catch (CuFileException e) {
      if (!e.isUnsupported()) {
        throw e;
      }
      if (cufile.version().orElse(0) < WITHOUT_DIRECT) {
        throw unsupported(path, "can't be read past the page cache, which this cuFile needs", e);
      }
      return cufile.open(path, false);
    }
  }

  private Path link() {
    return Path.of("/proc/self/fd/" + descriptor);
  }

  private BasicFileAttributes facts() throws IOException {
    return Files.readAttributes(link(), BasicFileAttributes.class);
  }

  private void checkSize(BasicFileAttributes now) throws TransferException {
    if (now.size() != size) {
      String detail =
          "the file changed: it had %s bytes, and has %s now; %s"
              .formatted(size, now.size(), REMEDY);
      throw error(0, size, detail, null);
    }
  }

  Path path() {
    return path;
  }

  long size() {
    return size;
  }

  /** Makes cuFile's handle of the file. */
  void registerHandle() throws TransferException {
    try {
      handle = cufile.registerHandle(descriptor);
      registered = true;
    } catch (CuFileException e) {
      throw failed(0, size, e);
    }
  }

  /** Reads by cuFile; every byte, or it is an error. */
  void readTo(long address, long offset, long bytes) throws TransferException {
    try {
      long read = cufile.read(handle, address, bytes, offset);
      if (read != bytes) {
        String detail = "short read: " + read + " bytes; was the file cut while it was read?";
        throw error(offset, bytes, detail, null);
      }
    } catch (CuFileException e) {
      throw failed(offset, bytes, e);
    }
  }

  /** Reads through the page cache; every byte, or it is an error. */
  void readTo(MemorySegment target, long offset) throws TransferException {
    ByteBuffer buffer = target.asByteBuffer();
    try {
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, offset + buffer.position()) < 0) {
          String detail = "short read: the file ends at byte " + (offset + buffer.position());
          throw error(offset, target.byteSize(), detail, null);
        }
      }
    } catch (TransferException e) {
      throw e;
    } catch (IOException e) {
      throw error(path, offset, target.byteSize(), e);
    }
  }

  /** Makes sure that nobody wrote to the file since it was opened. */
  void checkUnchanged() throws TransferException {
    try {
      BasicFileAttributes now = facts();
      checkSize(now);
      if (!now.lastModifiedTime().equals(modified)) {
        throw error(0, size, "the file was written to while it was read; " + REMEDY, null);
      }
    } catch (TransferException e) {
      throw e;
    } catch (IOException e) {
      throw error(path, 0, size, e);
    }
  }

  /** What cuFile lacks is for the next backend; anything else is an error. */
  private TransferException failed(long offset, long bytes, CuFileException e) {
    String detail = String.valueOf(e.getMessage());
    return e.isUnsupported() ? unsupported(detail, e) : error(offset, bytes, detail, e);
  }

  private UnsupportedTransferException unsupported(String detail, @Nullable Throwable cause) {
    return unsupported(path, detail, cause);
  }

  static UnsupportedTransferException unsupported(
      Path path, String detail, @Nullable Throwable cause) {
    return new UnsupportedTransferException(GdsSession.BACKEND, path, detail, cause);
  }

  private TransferException error(
      long offset, long bytes, String detail, @Nullable Throwable cause) {
    return new TransferException(GdsSession.BACKEND, path, offset, bytes, detail, cause);
  }

  private static TransferException error(Path path, long offset, long bytes, IOException e) {
    String detail = String.valueOf(e.getMessage());
    return new TransferException(GdsSession.BACKEND, path, offset, bytes, detail, e);
  }

  @Override
  public void close() {
    if (registered) {
      registered = false;
      cufile.deregisterHandle(handle);
    }
    try {
      channel.close();
    } catch (IOException e) {
      System.getLogger(GdsFile.class.getName())
          .log(System.Logger.Level.WARNING, path + ": close", e);
    } finally {
      cufile.close(descriptor);
    }
  }
}
