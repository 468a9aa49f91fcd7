// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.backend.posix.libc.FileFacts.DirectRules;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class FileFactsTests {
  private static final int BLOCK_SIZE_AT = 4;
  private static final int DIRECT_AT = 0x98;

  private final MemorySegment statx = Arena.ofAuto().allocate(FileFacts.BYTES, 8);

  @Test
  void directRulesAreTheFileSystems() {
    statx.set(ValueLayout.JAVA_INT, 0, 0x2000);
    statx.set(ValueLayout.JAVA_INT, DIRECT_AT, 4);
    statx.set(ValueLayout.JAVA_INT, DIRECT_AT + 4, 512);
    assertThat(FileFacts.parse(statx).direct()).isEqualTo(new DirectRules(4, 512));
  }

  @Test
  void zeroRulesForbidDirectReads() {
    statx.set(ValueLayout.JAVA_INT, 0, 0x2000);
    assertThat(FileFacts.parse(statx).direct().allowed()).isFalse();
  }

  @Test
  void blockSizeIsTheGuessWhereTheKernelDoesNotTell() {
    assertThat(guess(4096)).isEqualTo(new DirectRules(4096, 4096));
    assertThat(guess(512)).isEqualTo(new DirectRules(4096, 4096));
    assertThat(guess(16384)).isEqualTo(new DirectRules(16384, 16384));
    assertThat(guess(1 << 20)).isEqualTo(new DirectRules(4096, 4096));
    assertThat(guess(12345)).isEqualTo(new DirectRules(4096, 4096));
  }

  private DirectRules guess(int blockSize) {
    statx.set(ValueLayout.JAVA_INT, 0, 0x7ff);
    statx.set(ValueLayout.JAVA_INT, BLOCK_SIZE_AT, blockSize);
    return FileFacts.parse(statx).direct();
  }

  @Test
  void refusedCallIsNamed() {
    Libc broken =
        new Faults() {
          @Override
          public int statx(int descriptor, MemorySegment facts) {
            return -Errno.EIO;
          }
        };
    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(() -> FileFacts.of(broken, 0))
        .withMessage("statx: EIO, input/output error");
  }
}
