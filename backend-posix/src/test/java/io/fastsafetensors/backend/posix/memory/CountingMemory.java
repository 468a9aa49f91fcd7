// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.Faults;
import io.fastsafetensors.backend.posix.libc.Libc.MemoryAdvice;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what is mapped and touched, and refuses more of it than a limit. */
class CountingMemory extends Faults {
  final AtomicLong mapped = new AtomicLong();
  final AtomicLong touched = new AtomicLong();
  volatile long limit = Long.MAX_VALUE;
  volatile long touchable = Long.MAX_VALUE;

  @Override
  public long mmap(long length, int descriptor, long offset, boolean writable) {
    if (mapped.get() + length > limit) {
      return -Errno.ENOMEM;
    }
    long address = super.mmap(length, descriptor, offset, writable);
    mapped.addAndGet(length);
    return address;
  }

  @Override
  public int munmap(long address, long length) {
    mapped.addAndGet(-length);
    return super.munmap(address, length);
  }

  @Override
  public int madvise(long address, long length, MemoryAdvice advice) {
    if (advice == MemoryAdvice.POPULATE_WRITE && touched.addAndGet(length) > touchable) {
      return -Errno.ENOMEM;
    }
    return super.madvise(address, length, advice);
  }
}
