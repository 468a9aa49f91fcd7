// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.Faults;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what is open, besides failing where a test says so. */
class CountingFaults extends Faults {
  final AtomicInteger openFiles = new AtomicInteger();
  final AtomicLong mappedBytes = new AtomicLong();

  @Override
  public int open(Path file, boolean direct) {
    return count(super.open(file, direct));
  }

  @Override
  public int reopenDirect(int descriptor) {
    return count(super.reopenDirect(descriptor));
  }

  private int count(int descriptor) {
    openFiles.addAndGet(descriptor < 0 ? 0 : 1);
    return descriptor;
  }

  @Override
  public int close(int descriptor) {
    openFiles.decrementAndGet();
    return super.close(descriptor);
  }

  @Override
  public long mmap(long length, int descriptor, long offset, boolean writable) {
    long address = super.mmap(length, descriptor, offset, writable);
    mappedBytes.addAndGet(address < 0 ? 0 : length);
    return address;
  }

  /** Makes storage that can't be read at a place. */
  static CountingFaults brokenAt(long place) {
    return new CountingFaults() {
      @Override
      public long pread(int descriptor, MemorySegment target, long offset) {
        return offset == place ? -Errno.EIO : super.pread(descriptor, target, offset);
      }
    };
  }

  @Override
  public int munmap(long address, long length) {
    mappedBytes.addAndGet(-length);
    return super.munmap(address, length);
  }
}
