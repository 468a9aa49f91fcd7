// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.Faults;
import io.fastsafetensors.backend.posix.libc.Libc.MemoryAdvice;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** Memory is only mapped here, never touched. */
class UnmappingTests {
  private static final long BLOCK = 64L << 20;
  private static final long PAGE = 4096;

  private final Map<Long, Long> emptied = new ConcurrentHashMap<>();
  private int answer;

  private final Faults libc =
      new Faults() {
        @Override
        public int madvise(long address, long length, MemoryAdvice advice) {
          assertThat(advice).isEqualTo(MemoryAdvice.DONT_NEED);
          emptied.put(address, length);
          return answer < 0 ? answer : super.madvise(address, length, advice);
        }
      };

  private static boolean isMapped(long address) {
    // Linux answers ENOMEM if a page isn't mapped.
    return Faults.real().madvise(address, PAGE, MemoryAdvice.HUGE_PAGE) != -Errno.ENOMEM;
  }

  @Test
  void memoryIsEmptiedBlockByBlockAndUnmappedAsAWhole() {
    long bytes = 2 * BLOCK + PAGE;
    long address = libc.mmap(bytes, -1, 0, true);
    assertThat(isMapped(address)).isTrue();

    Unmapping.unmap(libc, address, bytes);

    assertThat(emptied)
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(address, BLOCK, address + BLOCK, BLOCK, address + 2 * BLOCK, PAGE));
    assertThat(isMapped(address)).isFalse();
    assertThat(isMapped(address + bytes - PAGE)).isFalse();
  }

  @Test
  void smallMemoryIsUnmappedAtOnce() {
    long address = libc.mmap(2 * BLOCK - PAGE, -1, 0, true);
    Unmapping.unmap(libc, address, 2 * BLOCK - PAGE);
    assertThat(emptied).isEmpty();
    assertThat(isMapped(address)).isFalse();
  }

  @Test
  void aKernelThatRefusesToEmptyMemoryStillUnmapsIt() {
    answer = -Errno.EINVAL;
    long address = libc.mmap(2 * BLOCK, -1, 0, true);
    Unmapping.unmap(libc, address, 2 * BLOCK);
    assertThat(emptied).hasSize(2);
    assertThat(isMapped(address)).isFalse();
    assertThat(isMapped(address + BLOCK)).isFalse();
  }
}
