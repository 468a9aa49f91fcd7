// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Options are checked however they are made, and don't change afterwards. */
class LoadOptionsTests {
  @Test
  void defaultsLeaveEveryChoiceToTheLibrary() {
    LoadOptions options = LoadOptions.defaults();
    assertThat(options.dtype()).isEmpty();
    assertThat(options.backend()).isEmpty();
    assertThat(options.threads()).isZero();
    assertThat(options.memoryBudget()).isEqualTo(Long.MAX_VALUE);
    assertThat(options.timeout()).isEqualTo(Duration.ofHours(1));
    assertThat(options.cache()).isFalse();
  }

  @Test
  void takesWhatIsInRange() {
    LoadOptions options =
        LoadOptions.builder()
            .threads(1024)
            .blockBytes(1 << 30)
            .alignment(4096)
            .memoryBudget(1)
            .filter("a*", "b")
            .property("posix.ring", "4")
            .property("posix.depth", "8")
            .build();
    assertThat(options.filters()).containsExactly("a*", "b");
    assertThat(options.properties()).containsOnlyKeys("posix.ring", "posix.depth");
    assertThat(LoadOptions.builder().blockBytes(0).alignment(0).threads(0).build().blockBytes())
        .isZero();
  }

  @Test
  void refusesWhatIsNotNamingIt() {
    LoadOptions.Builder builder = LoadOptions.builder();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.threads(-1).build())
        .withMessage("threads -1: want 0 to 1024");
    assertThatIllegalArgumentException().isThrownBy(() -> builder.threads(1025).build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.blockBytes(4095).build())
        .withMessage("blockBytes 4095: want 4096 to 1073741824");
    assertThatIllegalArgumentException().isThrownBy(() -> builder.blockBytes(-5).build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.alignment(48).build())
        .withMessage("alignment 48 is not a power of two");
    assertThatIllegalArgumentException().isThrownBy(() -> builder.alignment(8192).build());
    assertThatIllegalArgumentException().isThrownBy(() -> builder.memoryBudget(0).build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.timeout(Duration.ZERO).build())
        .withMessage("timeout 0 s: want more than nothing");
    assertThat(builder.build()).as("after what was refused").isNotNull();
  }

  private static LoadOptions of(int threads, List<String> filters, Map<String, String> properties) {
    return new LoadOptions(
        Optional.empty(),
        List.of(),
        Optional.empty(),
        AccessPath.AUTO,
        DirectMode.AUTO,
        threads,
        0,
        0,
        Long.MAX_VALUE,
        filters,
        false,
        Duration.ofHours(1),
        (_, _) -> {},
        new Cancellation(),
        properties);
  }

  @Test
  void theConstructorChecksToo() {
    assertThatIllegalArgumentException().isThrownBy(() -> of(-1, List.of(), Map.of()));
  }

  @Test
  void collectionsAreCopied() {
    List<String> filters = new ArrayList<>(List.of("a"));
    Map<String, String> properties = new HashMap<>(Map.of("x.y", "z"));
    LoadOptions options = of(1, filters, properties);
    filters.add("b");
    properties.clear();
    assertThat(options.filters()).containsExactly("a");
    assertThat(options.properties()).hasSize(1);
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> options.filters().add("c"));
  }

  @Test
  void cancellationsStay() {
    Cancellation cancellation = new Cancellation();
    assertThat(cancellation.isCancelled()).isFalse();
    cancellation.cancel();
    assertThat(cancellation.isCancelled()).isTrue();
  }
}
