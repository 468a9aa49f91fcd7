// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.toolkit.io.ReadTuning;
import org.junit.jupiter.api.Test;

class PosixTuningTests {
  private static ReadTuning tuning(int threads, long blockBytes, int processors) {
    return PosixSession.tuning(
        IoOptions.builder(new RecordingMonitor()).threads(threads).blockBytes(blockBytes).build(),
        processors);
  }

  @Test
  void storageIsKeptBusyByFewAndManyProcessors() {
    assertThat(tuning(0, 0, 1).depth()).isEqualTo(8);
    assertThat(tuning(0, 0, 8).depth()).isEqualTo(16);
    assertThat(tuning(0, 0, 64).depth()).isEqualTo(32);
  }

  @Test
  void copiesAreAsManyAsProcessors() {
    assertThat(tuning(0, 0, 2).width()).isEqualTo(2);
    assertThat(tuning(0, 0, 64).width()).isEqualTo(16);
    assertThat(tuning(0, 0, 2).threads()).isEqualTo(10);
  }

  @Test
  void askedThreadsAreAllThereAre() {
    ReadTuning one = tuning(1, 0, 8);
    assertThat(one.threads()).isOne();
    assertThat(one.width()).isOne();
    assertThat(one.depth()).isOne();
    assertThat(tuning(64, 0, 8).depth()).isEqualTo(64);
    assertThat(tuning(64, 0, 8).width()).isEqualTo(8);
  }

  @Test
  void blocksAreWholePages() {
    assertThat(tuning(0, 0, 2).blockBytes()).isEqualTo(4 << 20);
    assertThat(tuning(0, 5000, 2).blockBytes()).isEqualTo(8192);
  }
}
