// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.TransferException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.gds.cufile.CuFile;
import io.fastsafetensors.backend.gds.cufile.CuFileException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.LocalFiles;
import io.fastsafetensors.toolkit.io.PlannedFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A file with a descriptor for cuFile, and a channel for what is staged. */
final class GdsFile extends PlannedFile {
  /** From this version of cuFile on, 1.7 in CUDA 12.2, files needn't be open with O_DIRECT. */
  private static final int WITHOUT_DIRECT = 1070;

  private static final int CLOSED = -1;

  private final CuFile cufile;
  private int descriptor = CLOSED;
  private @Nullable FileChannel channel;
  private long handle;
  private boolean registered;

  GdsFile(CuFile cufile, RangePlan plan) {
    super(GdsSession.BACKEND, plan);
    this.cufile = cufile;
  }

  @Override
  protected void openSource() throws IOException {
    LocalFiles.check(GdsSession.BACKEND, path());
    try {
      descriptor = openDescriptor();
    } catch (CuFileException e) {
      throw error(0, size(), String.valueOf(e.getMessage()), e);
    }
    if (facts().isRegularFile()) {
      channel = FileChannel.open(link(), StandardOpenOption.READ); // the same file for sure
    }
  }

  private int openDescriptor() throws CuFileException, TransferException {
    try {
      return cufile.open(path(), true);
    } catch (CuFileException e) {
      if (!e.isUnsupported()) {
        throw e;
      }
      if (cufile.version().orElse(0) < WITHOUT_DIRECT) {
        throw unsupported("can't be read past the page cache, which this cuFile needs", e);
      }
      return cufile.open(path(), false);
    }
  }

  private Path link() {
    return Path.of("/proc/self/fd/" + descriptor);
  }

  private BasicFileAttributes facts() throws IOException {
    return Files.readAttributes(link(), BasicFileAttributes.class);
  }

  @Override
  protected State state() throws IOException {
    BasicFileAttributes now = facts();
    return State.of(now.isRegularFile(), now.size(), now.lastModifiedTime());
  }

  /** Makes cuFile's handle of the file. */
  void registerHandle() throws TransferException {
    try {
      handle = cufile.registerHandle(descriptor);
      registered = true;
    } catch (CuFileException e) {
      throw refused(0, size(), e);
    }
  }

  /** ReadCuts by cuFile; every byte, or it is an error. */
  void readByCuFile(long address, long offset, long bytes) throws TransferException {
    try {
      long read = cufile.read(handle, address, bytes, offset);
      if (read != bytes) {
        String detail = "short read: " + read + " bytes; was the file cut while it was read?";
        throw error(offset, bytes, detail, null);
      }
    } catch (CuFileException e) {
      throw refused(offset, bytes, e);
    }
  }

  /** What cuFile lacks is for the next backend; anything else is an error. */
  private TransferException refused(long offset, long bytes, CuFileException e) {
    String detail = String.valueOf(e.getMessage());
    return e.isUnsupported() ? unsupported(detail, e) : error(offset, bytes, detail, e);
  }

  /** ReadCuts through the page cache. */
  @Override
  public TransferPath read(TransferPath wanted, MemorySegment target, long offset)
      throws LoadException {
    FileChannel open = Objects.requireNonNull(channel, "not open");
    ByteBuffer buffer = target.asByteBuffer();
    try {
      while (buffer.hasRemaining()) {
        if (open.read(buffer, offset + buffer.position()) < 0) {
          throw endsAt(offset + buffer.position(), buffer.remaining());
        }
      }
      return TransferPath.BUFFERED;
    } catch (IOException e) {
      throw failure(offset, target.byteSize(), "read", e);
    }
  }

  @Override
  public void close() {
    if (registered) {
      registered = false;
      cufile.deregisterHandle(handle);
    }
    try {
      if (channel != null) {
        channel.close();
        channel = null;
      }
    } catch (IOException e) {
      System.getLogger(GdsFile.class.getName())
          .log(System.Logger.Level.WARNING, path() + ": close", e);
    } finally {
      if (descriptor != CLOSED) {
        cufile.close(descriptor);
        descriptor = CLOSED;
      }
    }
  }
}
