// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.PluginReport.Kind;
import io.fastsafetensors.internal.config.PluginIds;
import io.fastsafetensors.internal.config.PluginOptions;
import io.fastsafetensors.spi.Provider.Option;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What options say of backends. */
class BackendChoiceTests {
  private static final PluginOptions OPTIONS =
      new PluginOptions(
          Map.of(
              "backend posix",
              List.of(Option.flag("posix.drop-cache").describedAs("Drops the cache."))),
          new PluginIds(
              Map.of(Kind.BACKEND, Set.of("cpu", "gds", "posix")),
              Map.of(Kind.BACKEND, Set.of("cpu", "gds", "posix"))));

  private static LoadOptions.Builder options(String... properties) {
    LoadOptions.Builder builder = LoadOptions.builder();
    for (int i = 0; i < properties.length; i += 2) {
      builder.property(properties[i], properties[i + 1]);
    }
    return builder;
  }

  private static BackendChoice of(LoadOptions.Builder options) {
    return BackendChoice.of(OPTIONS.complete(options.build()));
  }

  @Test
  void nothingSaidIsAFreeChoice() {
    assertThat(of(options())).isEqualTo(BackendChoice.FREE);
    BackendChoice free = of(options("gds", "auto", "posix.drop-cache", "true"));
    assertThat(free.asked()).isEmpty();
    assertThat(free.unwanted()).isEmpty();
    assertThat(of(options().backend("auto"))).isEqualTo(BackendChoice.FREE);
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
    assertThat(of(options("posix.drop-cache", "true").backend("posix")).properties())
        .isEqualTo(Map.of("posix.drop-cache", "true", "posix", "on"));
  }

  @Test
  void otherValuesAndContradictionsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of(options("gds", "yes")))
        .withMessage(
            "gds, set by a property of the load: 'yes' is no such word: want one of auto, on, off");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of(options("gds", "off").backend("gds")))
        .withMessage("backends asked for: [gds], and switched off: [gds]; want one");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of(options("gds", "on").backend("posix")))
        .withMessageContaining("want one");
  }
}
