// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.spi.IoBackend;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A backend that breaks one rule fails the contract by that rule, and no other: by what it offers.
 * Those that are wrong in other ways have classes of their own, which other JVMs run.
 */
@Tag("slow")
final class WrongBackendsTests {
  static Stream<Wrong<IoBackend>> wrong() {
    return WrongProviders.backends();
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void isRefusedByItsRule(Wrong<IoBackend> wrong) {
    wrong.check(WrongBackendCase::verdict);
  }

  @Test
  void theRightOneThatTheyAreMadeOfPasses() {
    assertThat(WrongBackendCase.verdict(new ForwardingBackend()).messages()).isEmpty();
  }
}
