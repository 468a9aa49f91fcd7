// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.MemoryAdvice;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Memory that is not there, or not allowed, is a clear error. */
class MemoryFaultTests extends FaultFixture {
  @Test
  void budgetIsForAllFilesOfASession() throws LoadException {
    loads.budget = 15 * MIB;
    try (PosixSession session = loads.session();
        var first = session.submit(file.whole())) {
      assertThatExceptionOfType(DeviceMemoryException.class)
          .isThrownBy(() -> session.submit(file.whole()))
          .withMessageContaining("the memory budget of the load is 15728640 bytes");
      Loads.release(first.await());
    }
  }

  @Test
  void memoryThatIsNotThereIsAnError() {
    with(
        new CountingFaults() {
          @Override
          public int madvise(long address, long length, MemoryAdvice advice) {
            return advice == MemoryAdvice.POPULATE_WRITE
                ? -Errno.ENOMEM
                : super.madvise(address, length, advice);
          }
        });
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageContaining("madvise: ENOMEM");
  }

  @Test
  void addressSpaceThatIsNotThereIsAnError() {
    with(
        new CountingFaults() {
          @Override
          public long mmap(long length, int descriptor, long offset) {
            return -Errno.ENOMEM;
          }
        });
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageContaining("mmap: ENOMEM");
    loads.path = AccessPath.MAPPED;
    assertThatExceptionOfType(UnsupportedTransferException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageContaining("can't be mapped: mmap: ENOMEM");
  }

  @Test
  void oldKernelsNeedNoPopulate() throws IOException {
    with(
        new CountingFaults() {
          @Override
          public int madvise(long address, long length, MemoryAdvice advice) {
            return -Errno.EINVAL;
          }
        });
    for (AccessPath path : AccessPath.values()) {
      loads.path = path;
      loads.check(file);
    }
  }
}
