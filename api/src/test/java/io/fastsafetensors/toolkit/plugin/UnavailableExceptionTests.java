// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Availability.Unavailable;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Programs tell by a code why a library can't be called, however often they ask. */
class UnavailableExceptionTests {
  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of("plugin.no-library", failing(new LoadException("it isn't there"))),
        Arguments.of("plugin.no-library", failing(new UnsatisfiedLinkError("no such symbol"))),
        Arguments.of("plugin.no-library", failing(new IOException("can't be unpacked"))),
        Arguments.of("plugin.no-native-access", failing(new IllegalCallerException("denied"))),
        Arguments.of(
            "plugin.other-version",
            failing(new UnavailableException("plugin.other-version", "version 1: install 2"))),
        Arguments.of(
            "plugin.other-platform",
            (Callable<String>) () -> NativeBinding.linux("Plan 9", "z80")));
  }

  private static Callable<String> failing(Throwable failure) {
    return () -> {
      switch (failure) {
        case Exception e -> throw e;
        case Error e -> throw e;
        default -> throw new AssertionError(failure);
      }
    };
  }

  @ParameterizedTest
  @MethodSource("failures")
  void eachFailureHasItsCode(String code, Callable<String> binder) {
    NativeBinding<String> binding = new NativeBinding<>("libx", binder, "org.example");
    for (int i = 0; i < 2; i++) {
      Availability answer = binding.availability(_ -> Availability.available(""));
      assertThat(answer)
          .isInstanceOfSatisfying(
              Unavailable.class,
              no -> {
                assertThat(no.reason().code()).isEqualTo(code);
                assertThat(no.reason().toString()).isNotBlank().hasLineCount(1);
              });
    }
  }
}
