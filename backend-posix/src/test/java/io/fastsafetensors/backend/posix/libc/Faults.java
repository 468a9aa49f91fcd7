// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import io.fastsafetensors.backend.posix.libc.Libc.FileAdvice;
import io.fastsafetensors.backend.posix.libc.Libc.MemoryAdvice;
import io.fastsafetensors.format.LoadException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.BitSet;

/** The real C library, to be overridden where a test wants it to fail. */
public class Faults implements Libc {
  private final Libc real = real();

  /** Returns the real thing. */
  public static Libc real() {
    try {
      return Libc.SYSTEM.get();
    } catch (LoadException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public int pageSize() {
    return real.pageSize();
  }

  @Override
  public int open(Path file, boolean direct) {
    return real.open(file, direct);
  }

  @Override
  public int reopenDirect(int descriptor) {
    return real.reopenDirect(descriptor);
  }

  @Override
  public int close(int descriptor) {
    return real.close(descriptor);
  }

  @Override
  public long pread(int descriptor, MemorySegment target, long offset) {
    return real.pread(descriptor, target, offset);
  }

  @Override
  public int statx(int descriptor, MemorySegment facts) {
    return real.statx(descriptor, facts);
  }

  @Override
  public long fileSystem(int descriptor) {
    return real.fileSystem(descriptor);
  }

  @Override
  public int mincore(long address, long length, MemorySegment pages) {
    return real.mincore(address, length, pages);
  }

  @Override
  public int peek(int descriptor, long offset) {
    return real.peek(descriptor, offset);
  }

  @Override
  public long cachedPages(int descriptor, long offset, long length) {
    return real.cachedPages(descriptor, offset, length);
  }

  @Override
  public int fadvise(int descriptor, long offset, long length, FileAdvice advice) {
    return real.fadvise(descriptor, offset, length, advice);
  }

  @Override
  public long mmap(long length, int descriptor, long offset, boolean writable) {
    return real.mmap(length, descriptor, offset, writable);
  }

  @Override
  public long mmapOver(long address, long length) {
    return real.mmapOver(address, length);
  }

  @Override
  public long mmapOver(long address, long length, int descriptor, long offset, boolean writable) {
    return real.mmapOver(address, length, descriptor, offset, writable);
  }

  @Override
  public int munmap(long address, long length) {
    return real.munmap(address, length);
  }

  @Override
  public int madvise(long address, long length, MemoryAdvice advice) {
    return real.madvise(address, length, advice);
  }

  @Override
  public int preferNode(long address, long length, int node) {
    return real.preferNode(address, length, node);
  }

  @Override
  public int currentNode() {
    return real.currentNode();
  }

  @Override
  public int runOn(BitSet processors) {
    return real.runOn(processors);
  }
}
