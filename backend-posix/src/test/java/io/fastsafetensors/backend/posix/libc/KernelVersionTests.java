// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelVersionTests {
  @ParameterizedTest
  @CsvSource({
    "6.18.44-generic, true",
    "10.0, true",
    "5.18.0, true",
    "5.17.99, false",
    "4.4.0, false",
    "'', false",
    "99999999999.1, false",
    "what, false"
  })
  void hugeReadsCameWithFiveEighteen(String version, boolean expected) {
    assertThat(KernelVersion.parse(version).readsHugePages()).isEqualTo(expected);
  }
}
