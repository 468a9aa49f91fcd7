// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.cufile;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What codes are called, and which of them are for the next backend. */
class StatusTests {
  @Test
  void codesAreNamed() {
    assertThat(Status.name(5008, 0)).isEqualTo("CU_FILE_IO_NOT_SUPPORTED (5008)");
    assertThat(Status.name(5036, 999)).isEqualTo("CU_FILE_GPU_MEMORY_PINNING_FAILED (5036)");
    assertThat(Status.name(5777, 0)).isEqualTo("cuFile's code 5777 (5777)");
    assertThat(Status.errno(5)).isEqualTo("EIO (5)");
    assertThat(Status.errno(4711)).isEqualTo("errno 4711");
  }

  @Test
  void anErrorOfTheCudaDriverHasItsOwnName() {
    assertThat(Status.name(5011, 2))
        .isEqualTo("CU_FILE_CUDA_DRIVER_ERROR (5011), CUDA_ERROR_OUT_OF_MEMORY (2)");
    assertThat(Status.name(5011, 4242)).endsWith("CUDA's code (4242)");
  }

  @ParameterizedTest
  @ValueSource(ints = {5001, 5004, 5007, 5008, 5009, 5018, 5020, 5033})
  void whatIsNotSupportedIsForTheNextBackend(int code) {
    assertThat(Status.isUnsupported(code)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {5010, 5011, 5015, 5022, 5030, 5044})
  void errorsAreNot(int code) {
    assertThat(Status.isUnsupported(code)).isFalse();
  }

  @Test
  void noErrorOfTheMediumIsForTheNextBackend() {
    assertThat(Status.isUnsupportedErrno(5)).isFalse();
    assertThat(Status.isUnsupportedErrno(61)).isFalse();
    assertThat(Status.isUnsupportedErrno(121)).isFalse();
    assertThat(Status.isUnsupportedErrno(95)).isTrue();
  }
}
