// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A group that breaks one rule fails the contract by that rule, and no other. */
@Tag("slow")
final class WrongGroupsTests {
  static Stream<Wrong<WrongGroupCase.Maker>> wrong() {
    return Stream.concat(WrongExchanges.all(), WrongEndings.all());
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void isRefusedByItsRule(Wrong<WrongGroupCase.Maker> wrong) {
    wrong.check(WrongGroupCase::verdict);
  }

  @Test
  void theRightOneThatTheyAreMadeOfPasses() {
    assertThat(WrongGroupCase.verdict(ForwardingGroup::new).messages()).isEmpty();
  }
}
