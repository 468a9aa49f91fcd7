// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.Libc.MemoryAdvice;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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

  /** Has no memory for what an advice asks for. */
  private static class NoMemoryFor extends CountingFaults {
    private final MemoryAdvice refused;

    NoMemoryFor(MemoryAdvice refused) {
      this.refused = refused;
    }

    @Override
    public int madvise(long address, long length, MemoryAdvice advice) {
      return advice == refused ? -Errno.ENOMEM : super.madvise(address, length, advice);
    }
  }

  @Test
  void memoryThatIsNotThereIsAnError() {
    with(new NoMemoryFor(MemoryAdvice.POPULATE_WRITE));
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageContaining("madvise: ENOMEM");
  }

  @Test
  void addressSpaceThatIsNotThereIsAnError() {
    with(
        new CountingFaults() {
          @Override
          public long mmap(long length, int descriptor, long offset, boolean writable) {
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

  /** The kernel doesn't say what is wrong with a mapping; reads do, if it is the file. */
  @ParameterizedTest
  @EnumSource(
      value = AccessPath.class,
      names = {"AUTO", "MAPPED"})
  void cachedFileThatCannotBeMappedIsAnError(AccessPath path) {
    loads.path = path;
    AtomicLong unreadable = new AtomicLong(Long.MAX_VALUE);
    with(
        new NoMemoryFor(MemoryAdvice.POPULATE_READ) {
          @Override
          public long pread(int descriptor, MemorySegment target, long offset) {
            return offset >= unreadable.get()
                ? -Errno.EIO
                : super.pread(descriptor, target, offset);
          }
        });
    assertThatExceptionOfType(TransferException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageStartingWith(file.path() + ": madvise: ENOMEM")
        .withMessageContaining("9437261 bytes at 0");
    unreadable.set(5 * MIB);
    assertThatExceptionOfType(TransferException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageContaining(
            "pread: EIO, input/output error (backend posix, 4096 bytes at 5242880)");
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
