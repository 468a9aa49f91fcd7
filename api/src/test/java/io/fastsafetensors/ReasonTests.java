// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A reason is a code and values; its text is made from them. */
class ReasonTests {
  private static final Reason FETCHED =
      Reason.of("http.fetched", "by HTTP from {server} in {requests} requests")
          .with("server", "http://{requests}.example")
          .with("requests", 3);

  @Test
  void theTextIsMadeFromTheValuesOnce() {
    assertThat(FETCHED).hasToString("by HTTP from http://{requests}.example in 3 requests");
    assertThat(FETCHED.number("requests")).hasValue(3);
    assertThat(FETCHED.number("server")).isEmpty();
    assertThat(FETCHED.values().keySet()).containsExactly("server", "requests");
  }

  @Test
  void otherBracesAndSignsStandForThemselves() {
    assertThat(Reason.of("a.b", "{} {A} {unknown} { $1 \\ {x} }").with("x", "$0 \\"))
        .hasToString("{} {A} {unknown} { $1 \\ $0 \\ }");
  }

  @Test
  void aReasonRestsOnOthersThatAreFoundByCode() {
    Reason outer =
        Reason.of("backend.fallback", "http: {http}; {done}")
            .with("http", FETCHED)
            .with("done", Reason.of("path.mapped", "mapped"));
    assertThat(outer).hasToString("http: " + FETCHED + "; mapped");
    assertThat(outer.find("path.mapped")).hasValue(Reason.of("path.mapped", "mapped"));
    assertThat(outer.find("backend.fallback")).hasValue(outer);
    assertThat(outer.find("path.copied")).isEmpty();
  }

  @Test
  void thoseOfTheSameCodeTextAndValuesAreEqual() {
    Reason same = Reason.of("a.b", "{n}").with("n", 1);
    assertThat(same).isEqualTo(Reason.of("a.b", "{n}").with("n", 1));
    assertThat(same).hasSameHashCodeAs(Reason.of("a.b", "{n}").with("n", 1));
    assertThat(same)
        .isNotEqualTo(Reason.of("a.c", "{n}").with("n", 1))
        .isNotEqualTo(Reason.of("a.b", "{n} ").with("n", 1))
        .isNotEqualTo(Reason.of("a.b", "{n}").with("n", 2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a", "a.", ".a", "A.b", "a..b", "a b.c", "a.-b", "a_b.c"})
  void refusesWhatIsNoCode(String code) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Reason.of(code, ""))
        .withMessageContaining("'" + code + "'");
  }

  @Test
  void refusesWhatIsNoNameAndKeepsItsValues() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FETCHED.with("No", 1))
        .withMessageContaining("'No' of reason http.fetched");
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> FETCHED.values().clear());
  }

  @Test
  void aRefusalOfABackendKeepsItsReason() {
    UnsupportedTransferException coded =
        new UnsupportedTransferException("x", Path.of("f"), FETCHED, null);
    assertThat(coded.reason()).isEqualTo(FETCHED);
    assertThat(coded.detail()).isEqualTo(FETCHED.toString());
    UnsupportedTransferException words =
        new UnsupportedTransferException("x", Path.of("f"), "no {way}", null);
    assertThat(words.reason()).isEqualTo(Reason.of("file.unsupported", "no {way}"));
  }
}
