// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.backend.posix.libc.Libc.MemoryAdvice;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** What took long to map is unmapped by many threads. */
class UnmappedFilesTests extends FaultFixture {
  private final AtomicLong emptied = new AtomicLong();

  /** Maps as slowly as if the page cache had nothing but small pages. */
  private final CountingFaults slow =
      new CountingFaults() {
        @Override
        public int madvise(long address, long length, MemoryAdvice advice) {
          if (advice == MemoryAdvice.POPULATE_READ) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
          }
          emptied.addAndGet(advice == MemoryAdvice.DONT_NEED ? length : 0);
          return super.madvise(address, length, advice);
        }
      };

  @Test
  void whatTookLongToMapIsEmptiedFirst() throws IOException {
    long bytes = 130 * MIB;
    SampleFile large = SampleFiles.writeTail(folder.resolve("large"), bytes, 70_000, 1);
    with(slow);
    loads.path = AccessPath.MAPPED;
    ByteRange whole = new ByteRange(0, bytes);

    LoadedRanges loaded = loads.load(large.plan(whole));
    assertThat(emptied).hasValue(0);
    Loads.release(loaded);

    assertThat(emptied).hasValue(bytes);
  }

  @Test
  void smallFilesAreUnmappedAtOnce() throws IOException {
    with(slow);
    loads.path = AccessPath.MAPPED;
    loads.check(file);
    assertThat(emptied).hasValue(0);
  }
}
