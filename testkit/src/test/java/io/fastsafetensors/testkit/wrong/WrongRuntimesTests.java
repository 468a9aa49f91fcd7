// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A runtime that breaks one rule fails the contract by that rule, and no other. */
@Tag("slow")
final class WrongRuntimesTests {
  static Stream<Wrong<ForwardingRuntime>> wrong() {
    return Stream.of(
            WrongContexts.all(), WrongLateMemory.all(), WrongKeeping.all(), WrongStreams.all())
        .flatMap(wrongs -> wrongs);
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void isRefusedByItsRule(Wrong<ForwardingRuntime> wrong) {
    wrong.check(WrongRuntimeCase::verdict);
  }

  @Test
  void theRightOneThatTheyAreMadeOfPasses() {
    assertThat(WrongRuntimeCase.verdict(new ForwardingRuntime()).messages()).isEmpty();
  }

  @Test
  void theRightLateMemoryPasses() {
    assertThat(WrongRuntimeCase.verdict(WrongLateMemory.right()).messages()).isEmpty();
  }
}
