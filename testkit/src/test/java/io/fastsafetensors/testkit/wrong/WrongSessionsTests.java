// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.spi.IoBackend;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Backends that are wrong about sessions. */
@Tag("slow")
final class WrongSessionsTests {
  static Stream<Wrong<IoBackend>> wrong() {
    return WrongSessions.all();
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void isRefusedByItsRule(Wrong<IoBackend> wrong) {
    wrong.check(WrongBackendCase::verdict);
  }
}
