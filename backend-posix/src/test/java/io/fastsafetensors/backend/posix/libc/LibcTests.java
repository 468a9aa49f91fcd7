// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.Reason;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.toolkit.plugin.NativeBinding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LibcTests {
  @ParameterizedTest
  @CsvSource({"Windows 11, amd64", "Mac OS X, aarch64", "Linux, riscv64", "Linux, x86"})
  void otherPlatformsAreMissingWithTheReason(String os, String arch) {
    NativeBinding<Libc> binding = Libc.of(os, arch);

    String reason = "needs Linux on x86-64 or aarch64, this is " + os + " on " + arch;
    assertThat(binding.availability(_ -> Availability.available("")))
        .isEqualTo(Availability.unavailable(Reason.of("plugin.other-platform", reason), null));
    assertThatExceptionOfType(LoadException.class).isThrownBy(binding::get).withMessage(reason);
  }

  @Test
  void bothProcessorsHaveTheirNumbers() throws LoadException {
    NativeLibc.SystemCalls x86 = NativeLibc.SystemCalls.of(NativeBinding.linux("Linux", "amd64"));
    NativeLibc.SystemCalls arm = NativeLibc.SystemCalls.of(NativeBinding.linux("Linux", "aarch64"));

    assertThat(x86.directFlag()).isEqualTo(0x4000);
    assertThat(arm.directFlag()).isEqualTo(0x10000);
    assertThat(x86.pread64()).isEqualTo(17);
    assertThat(arm.pread64()).isEqualTo(67);
  }

  @Test
  void errorsHaveNames() {
    assertThat(Errno.name(Errno.EIO)).startsWith("EIO");
    assertThat(Errno.name(Errno.EMFILE)).contains("ulimit -n");
    assertThat(Errno.name(4095)).isEqualTo("errno 4095");
  }
}
