// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.format.DType;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

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
    assertThat(options.writable()).isFalse();
  }

  @Test
  void whetherTensorsMayBeWrittenCounts() {
    LoadOptions options = LoadOptions.builder().writable(true).build();
    assertThat(options.toBuilder().build().writable()).isTrue();
    assertThat(options).isNotEqualTo(LoadOptions.defaults());
    assertThat(options.toString()).contains("writable=true");
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

  @Test
  void aFilterWithoutGlobsIsAnError() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LoadOptions.builder().filter())
        .withMessage("filter() without a glob: want one or more, or \"*\" for all tensors");
  }

  @Test
  void mappedAndPastThePageCacheContradictEachOther() {
    LoadOptions.Builder both = LoadOptions.builder().path(AccessPath.MAPPED).direct(DirectMode.ON);
    assertThatIllegalArgumentException()
        .isThrownBy(both::build)
        .withMessageStartingWith("path MAPPED and direct ON contradict each other: ");
    assertThat(both.direct(DirectMode.OFF).build().path()).isEqualTo(AccessPath.MAPPED);
    assertThat(both.path(AccessPath.AUTO).direct(DirectMode.ON).build()).isNotNull();
  }

  @Test
  void optionsDontChangeWithTheirBuilder() {
    LoadOptions.Builder builder = LoadOptions.builder().filter("a").property("x.y", "z");
    LoadOptions options = builder.build();
    builder.filter("b").property("x.z", "z").keepDtype("c");
    assertThat(options.filters()).containsExactly("a");
    assertThat(options.properties()).hasSize(1);
    assertThat(options.dtypeRules()).isEmpty();
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> options.filters().add("c"));
  }

  @Test
  void twoThatLoadTheSameAreEqualWhoeverHearsOfIt() {
    assertThat(LoadOptions.defaults()).isEqualTo(LoadOptions.defaults());
    assertThat(LoadOptions.defaults()).hasSameHashCodeAs(LoadOptions.defaults());
    LoadOptions heard =
        LoadOptions.builder()
            .progress((done, total) -> {})
            .cancellation(new Cancellation())
            .build();
    assertThat(heard).isEqualTo(LoadOptions.defaults());
  }

  /** Each option by itself: a new one that is left out of equality or of toBuilder shows here. */
  static List<Consumer<LoadOptions.Builder>> changes() {
    return List.of(
        b -> b.dtype(DType.F16),
        b -> b.dtype("a", DType.F16),
        b -> b.keepDtype("a"),
        b -> b.backend("cpu"),
        b -> b.path(AccessPath.COPIED),
        b -> b.direct(DirectMode.OFF),
        b -> b.threads(3),
        b -> b.blockBytes(4096),
        b -> b.alignment(64),
        b -> b.memoryBudget(1),
        b -> b.filter("a"),
        b -> b.cache(true),
        b -> b.timeout(Duration.ofSeconds(1)),
        b -> b.property("cpu.x", "y"));
  }

  @ParameterizedTest
  @MethodSource("changes")
  void eachOptionCountsAndIsCarriedOn(Consumer<LoadOptions.Builder> change) {
    LoadOptions.Builder builder = LoadOptions.builder();
    change.accept(builder);
    LoadOptions options = builder.build();
    assertThat(options).isNotEqualTo(LoadOptions.defaults());
    assertThat(options.toBuilder().build()).isEqualTo(options).hasToString(options.toString());
  }

  @Test
  void aSwitchIsCarriedOnOnlyIfItWasGiven() {
    Cancellation own = new Cancellation();
    LoadOptions given = LoadOptions.builder().cancellation(own).build();
    assertThat(given.toBuilder().threads(1).build().cancellation()).isSameAs(own);
    LoadOptions options = LoadOptions.defaults();
    assertThat(options.cancellation()).isSameAs(options.cancellation());
    assertThat(options.toBuilder().build().cancellation()).isNotSameAs(options.cancellation());
    ProgressListener listener = (done, total) -> {};
    assertThat(LoadOptions.builder().progress(listener).build().toBuilder().build().progress())
        .isSameAs(listener);
  }

  @Test
  void cancellationsStay() {
    Cancellation cancellation = new Cancellation();
    assertThat(cancellation.isCancelled()).isFalse();
    cancellation.cancel();
    assertThat(cancellation.isCancelled()).isTrue();
  }
}
