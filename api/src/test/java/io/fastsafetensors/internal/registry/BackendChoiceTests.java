// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.LoadOptions;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What options say of backends. */
class BackendChoiceTests {
  private static LoadOptions.Builder options(String... properties) {
    LoadOptions.Builder builder = LoadOptions.builder();
    for (int i = 0; i < properties.length; i += 2) {
      builder.property(properties[i], properties[i + 1]);
    }
    return builder;
  }

  private static BackendChoice of(LoadOptions.Builder options) {
    return BackendChoice.of(options.build());
  }

  @Test
  void nothingSaidIsAFreeChoice() {
    assertThat(of(options())).isEqualTo(BackendChoice.FREE);
    assertThat(of(options("posix.drop-cache", "true"))).isEqualTo(BackendChoice.FREE);
    assertThat(of(options("gds", "auto")))
        .isEqualTo(new BackendChoice(Optional.empty(), Set.of(), Set.of("gds")));
  }

  @Test
  void onIsAskingForTheBackend() {
    assertThat(of(options("gds", "on")).asked()).contains("gds");
    assertThat(of(options("gds", "on").backend("gds")).asked()).contains("gds");
    assertThat(of(options().backend("posix")).asked()).contains("posix");
  }

  @Test
  void offLeavesTheBackendOut() {
    assertThat(of(options("gds", "off", "cpu", "off")).unwanted())
        .containsExactlyInAnyOrder("gds", "cpu");
  }

  @Test
  void sessionsLearnWhatWasAskedFor() {
    LoadOptions asked = options("posix.drop-cache", "true").backend("posix").build();
    assertThat(BackendChoice.of(asked).properties(asked))
        .isEqualTo(Map.of("posix.drop-cache", "true", "posix", "on"));
  }

  @Test
  void otherValuesAndContradictionsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of(options("gds", "yes")))
        .withMessage("property gds=yes: want auto, on or off");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of(options("gds", "off").backend("gds")))
        .withMessage("backends asked for: [gds], and switched off: [gds]; want one");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of(options("gds", "on").backend("posix")))
        .withMessageContaining("want one");
  }
}
