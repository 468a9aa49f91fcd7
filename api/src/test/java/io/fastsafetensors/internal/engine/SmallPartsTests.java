// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Counts, cleanups, layouts and messages. */
class SmallPartsTests {
  @Test
  void theLastHolderEndsOnce() {
    AtomicInteger ends = new AtomicInteger();
    RefCount count = new RefCount(ends::incrementAndGet);
    count.retain();
    count.release();
    assertThat(ends).hasValue(0);
    count.release();
    assertThat(ends).hasValue(1);
    assertThatIllegalStateException().isThrownBy(count::retain);
    assertThatExceptionOfType(AssertionError.class).isThrownBy(count::release);
    assertThat(ends).hasValue(1);
  }

  @Test
  void aHolderWhoseEndThrewIsStillAHolder() {
    AtomicBoolean busy = new AtomicBoolean(true);
    RefCount count =
        new RefCount(() -> {
          if (busy.get()) {
            throw new IllegalStateException("busy");
          }
        });
    assertThatIllegalStateException().isThrownBy(count::release);
    busy.set(false);
    count.retain();
    count.release();
    count.release();
    assertThatIllegalStateException().isThrownBy(count::retain);
  }

  @Test
  void manyThreadsEndItOnce() throws InterruptedException {
    AtomicInteger ends = new AtomicInteger();
    RefCount count = new RefCount(ends::incrementAndGet);
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int i = 0; i < 4; i++) {
        count.retain();
        threads.execute(() -> {
          for (int n = 0; n < 10_000; n++) {
            count.retain();
            count.release();
          }
          count.release();
        });
      }
      threads.shutdown();
      assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(ends).hasValue(0);
    count.release();
    assertThat(ends).hasValue(1);
  }

  @Test
  void aCleanupGoesOnAndThrowsTheFirst() {
    List<Integer> ended = new ArrayList<>();
    Throwable thrown =
        catchThrowable(() ->
            Cleanup.each(
                List.of(1, 2, 3),
                n -> {
                  ended.add(n);
                  if (n < 3) {
                    throw new IllegalStateException("end of " + n);
                  }
                }));
    assertThat(ended).containsExactly(1, 2, 3);
    assertThat(thrown).hasMessage("end of 1");
    assertThat(thrown.getSuppressed())
        .extracting(Throwable::getMessage)
        .containsExactly("end of 2");
  }

  @Test
  void aCleanupAfterAFailureOnlyAddsToIt() {
    Exception failure = new Exception("first");
    RuntimeException second = new IllegalArgumentException("second");
    Cleanup.after(
        failure,
        () -> {
          throw second;
        });
    assertThat(failure.getSuppressed()).containsExactly(second);
    // The same again can't be suppressed in itself.
    Cleanup.after(
        second,
        () -> {
          throw second;
        });
    assertThat(second.getSuppressed()).isEmpty();
  }

  @Test
  void aLayoutAlignsWithoutOverflow() {
    TensorBatch.Layout layout = TensorBatch.Layout.of(List.of(1L, 0L, 256L, 300L, 0L), n -> n);
    assertThat(List.of(0, 1, 2, 3, 4).stream().map(layout::offset))
        .containsExactly(0L, 256L, 256L, 512L, 1024L);
    assertThat(layout.size()).isEqualTo(1024);
    assertThat(TensorBatch.Layout.of(List.<Long>of(), n -> n).size()).isZero();
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> TensorBatch.Layout.of(List.of(Long.MAX_VALUE, 1L), n -> n));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1000})
  void messagesComeOutAsTheyWere(int length) {
    byte[] told = new byte[length];
    StepMessage message = StepMessage.decode(new StepMessage(true, "headers", told).encode());
    assertThat(message.failed()).isTrue();
    assertThat(message.operation()).isEqualTo("headers");
    assertThat(message.told()).isEqualTo(told);
  }

  @Test
  void whatIsNoMessageIsOfAnotherOperation() {
    for (byte[] bytes :
        List.of(new byte[0], new byte[1], new byte[] {0, 9, 1}, new byte[] {0, -1})) {
      assertThat(StepMessage.decode(bytes).operation()).isEqualTo("something else");
    }
  }
}
