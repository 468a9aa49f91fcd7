// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.libc.NativeMemory;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext.LateMemory;
import io.fastsafetensors.spi.DeviceContext.LatePages;
import io.fastsafetensors.toolkit.io.FileRead;
import io.fastsafetensors.toolkit.io.ReadSession;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Predicate;

/**
 * The page cache where it has the file, and private memory where it doesn't, side by side as in the
 * file: no byte is copied, and none is in memory twice.
 */
final class MixedTarget extends MappingTarget {
  private final LatePages pages;
  private final ReadSession<?> session;
  private final long bytes;

  private MixedTarget(
      FileMapping mapping, LatePages pages, ReadSession<?> session, Residency residency) {
    super(mapping, residency, session.tuning().blockBytes());
    this.pages = pages;
    this.session = session;
    this.bytes = residency.missingBytes();
  }

  /**
   * Puts private memory into a mapping wherever the page cache lacks pages.
   *
   * @throws DeviceMemoryException if there is not enough memory, or the budget has no more
   */
  static MixedTarget over(
      FileMapping mapping, LateMemory late, ReadSession<?> session, Residency residency)
      throws DeviceMemoryException {
    long bytes = residency.missingBytes();
    session.budget().take(bytes);
    try {
      List<MemorySegment> parts =
          residency.missingRuns().stream()
              .map(run -> NativeMemory.writable(mapping.address(run.fileOffset()), run.bytes()))
              .toList();
      LatePages pages = late.cover(parts, session.options().monitor().memory());
      return new MixedTarget(mapping, pages, session, residency);
    } catch (DeviceMemoryException | RuntimeException | Error e) {
      session.budget().giveBack(bytes);
      throw e;
    }
  }

  @Override
  public List<FileRead> prepare(FileRead read) throws LoadException {
    pages.touch(place(read));
    return List.of(read);
  }

  @Override
  public Brought bring(FileRead read, TransferPath path) throws LoadException {
    long start = System.nanoTime();
    TransferPath taken = mapping.file().read(path, place(read), read.offset());
    return Brought.of(read, taken, System.nanoTime() - start);
  }

  /** Returns the memory of a read: whole pages, though the file may end within the last. */
  private MemorySegment place(FileRead read) {
    return NativeMemory.writable(mapping.address(read.offset()), read.bytes());
  }

  @Override
  public void release(boolean handedOut) {
    pages.end(handedOut);
    end(handedOut);
  }

  @Override
  public void releaseBut(Predicate<DeviceBuffer> givenOut) {
    pages.end(false);
    end(givenOut.test(mapping.buffer()));
  }

  private void end(boolean isKept) {
    super.release(isKept);
    if (!isKept) {
      session.budget().giveBack(bytes);
    }
  }
}
