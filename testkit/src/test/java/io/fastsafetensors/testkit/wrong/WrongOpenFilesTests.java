// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.spi.IoBackend;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Backends that are wrong about open files. */
@Tag("slow")
final class WrongOpenFilesTests {
  static Stream<Wrong<IoBackend>> wrong() {
    return WrongOpenFiles.all();
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void isRefusedByItsRule(Wrong<IoBackend> wrong) {
    wrong.check(WrongBackendCase::verdict);
  }
}
