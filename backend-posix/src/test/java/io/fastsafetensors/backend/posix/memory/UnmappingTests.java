// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.Faults;
import io.fastsafetensors.backend.posix.libc.MemoryAdvice;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Memory is only mapped, never touched: that what comes in many pages is slow is made so here. */
class UnmappingTests {
  private static final long BLOCK = 128L << 20;
  private static final long PAGE = 4096;

  private final Queue<Long> emptied = new ConcurrentLinkedQueue<>();

  private final Faults slow =
      new Faults() {
        @Override
        public int madvise(long address, long length, MemoryAdvice advice) {
          assertThat(advice).isEqualTo(MemoryAdvice.DONT_NEED);
          assertThat(length).isEqualTo(BLOCK);
          emptied.add(address);
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
          return super.madvise(address, length, advice);
        }
      };

  private static boolean isMapped(long address, long bytes) {
    // Linux answers ENOMEM if a page isn't mapped.
    return Faults.real().madvise(address, bytes, MemoryAdvice.HUGE_PAGE) != -Errno.ENOMEM;
  }

  @Test
  void whatTakesLongIsEmptiedBlockByBlockAndUnmappedAsAWhole() {
    long bytes = 40 * BLOCK + PAGE;
    long address = slow.mmap(bytes, -1, 0);
    assertThat(isMapped(address, bytes)).isTrue();

    Unmapping.unmap(slow, address, bytes);

    assertThat(emptied)
        .containsExactlyInAnyOrder(
            LongStream.range(0, 40)
                .mapToObj(block -> address + block * BLOCK)
                .toArray(Long[]::new));
    assertThat(isMapped(address, PAGE)).isFalse();
    assertThat(isMapped(address + bytes - PAGE, PAGE)).isFalse();
  }

  @Test
  void whatIsSmallIsUnmappedAtOnce() {
    long bytes = BLOCK - PAGE;
    long address = slow.mmap(bytes, -1, 0);
    Unmapping.unmap(slow, address, bytes);
    assertThat(emptied).isEmpty();
    assertThat(isMapped(address, PAGE)).isFalse();
  }

  @Test
  void aKernelThatRefusesToEmptyMemoryStillUnmapsIt() {
    Faults refusing =
        new Faults() {
          @Override
          public int madvise(long address, long length, MemoryAdvice advice) {
            emptied.add(address);
            return -Errno.EINVAL;
          }
        };
    long address = refusing.mmap(2 * BLOCK, -1, 0);
    Unmapping.unmap(refusing, address, 2 * BLOCK);
    assertThat(emptied).contains(address);
    assertThat(isMapped(address, PAGE)).isFalse();
    assertThat(isMapped(address + BLOCK, PAGE)).isFalse();
  }
}
