// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.spi.Deadline;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A retained handle keeps memory without a copy; the last holder frees it, once. */
class RetainTests {
  private static final float[] NUMBERS = {1, 2, 3, 4};

  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private Loader loader;
  private FileBuffer buffer;

  @BeforeEach
  void load() throws IOException {
    Samples file =
        new Samples(folder.resolve("f"))
            .with("w", DType.F32, Shape.of(2, 2), Samples.floats(NUMBERS))
            .with("v", DType.U8, 7)
            .write();
    loader = bench.loader().addFiles(0, List.of(file.path));
  }

  @AfterEach
  void nothingIsLeft() {
    buffer.close();
    loader.close();
    bench.ledger.assertAllClosedOnce();
  }

  private long buffers() {
    return bench.ledger.stillOpen("buffer");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aHandleOutlivesBufferAndLoaderWithoutACopy(boolean hostVisible) throws IOException {
    bench.runtime.hostVisible = hostVisible;
    buffer = loader.load();
    Tensor view = buffer.tensor("w");
    long address = view.address();
    long before = bench.ledger.opened("buffer");
    Tensor kept = view.retain();
    assertThat(kept.isView()).isFalse();
    buffer.close();
    loader.close();
    assertThat(kept.address()).isEqualTo(address);
    assertThat(kept.toFloatArray()).isEqualTo(NUMBERS);
    assertThat(bench.ledger.opened("buffer")).as("no copy").isEqualTo(before);
    assertThat(bench.ledger.stillOpen("context")).isEqualTo(1);
    assertThatIllegalStateException()
        .as("the view has ended all the same")
        .isThrownBy(view::address)
        .withMessage("tensor 'w' F32 [2, 2] has ended: its FileBuffer is closed");
    kept.close();
    kept.close();
    assertThat(buffers()).isZero();
    assertThat(bench.ledger.stillOpen("context")).isZero();
    assertThatIllegalStateException()
        .isThrownBy(kept::toFloatArray)
        .withMessage("tensor 'w' F32 [2, 2] has ended: it is closed");
    assertThatIllegalStateException().isThrownBy(kept::retain);
  }

  @Test
  void aChannelThatClosesWhatItIsGivenIsNotWaitedFor() throws IOException {
    buffer = loader.load();
    Tensor view = buffer.tensor("w");
    ByteBuffer seen = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    view.writeTo(
        new WritableByteChannel() {
          @Override
          public int write(ByteBuffer source) {
            buffer.close();
            assertThat(buffers()).as("kept until the write has ended").isEqualTo(1);
            int count = source.remaining();
            seen.put(source);
            return count;
          }

          @Override
          public boolean isOpen() {
            return true;
          }

          @Override
          public void close() {}
        });
    assertThat(seen.flip().getFloat(4)).isEqualTo(2);
    assertThat(buffers()).isZero();
    assertThatIllegalStateException().isThrownBy(view::toFloatArray);
  }

  @Test
  void theBufferMayBeClosedAfterTheHandle() throws IOException {
    buffer = loader.load();
    buffer.tensor("w").retain().close();
    assertThat(buffer.tensor("w").toFloatArray()).isEqualTo(NUMBERS);
    assertThat(buffers()).isEqualTo(1);
    buffer.close();
    assertThat(buffers()).isZero();
  }

  @Test
  void handlesOfHandlesAndOfCopiesEachHold() throws IOException {
    buffer = loader.load();
    Tensor first = buffer.tensor("w").retain();
    Tensor second = first.retain();
    Tensor copy = buffer.tensor("w", TensorOptions.of(DType.F64));
    Tensor third = copy.retain();
    assertThat(third.address()).isEqualTo(copy.address());
    buffer.close();
    first.close();
    copy.close();
    assertThat(buffers()).isEqualTo(2);
    assertThat(second.toFloatArray()).isEqualTo(NUMBERS);
    assertThat(third.toDoubleArray()).containsExactly(1, 2, 3, 4);
    third.close();
    assertThat(buffers()).isEqualTo(1);
    second.close();
    assertThat(buffers()).isZero();
  }

  @Test
  void aHandleOfOneTensorKeepsItsFileOnly() throws IOException {
    Samples other = new Samples(folder.resolve("g")).with("x", DType.U8, 9).write();
    loader.addFiles(0, List.of(other.path));
    buffer = loader.load();
    try (Tensor kept = buffer.tensor("x").retain()) {
      buffer.close();
      assertThat(buffers()).isEqualTo(1);
      assertThat(Samples.bytesOf(kept)).isEqualTo(other.bytes.get("x"));
    }
  }

  @Test
  void windowsLiveAsLongAsTheMemory() throws IOException {
    buffer = loader.load();
    Tensor view = buffer.tensor("w");
    ByteBuffer window = view.asByteBuffer();
    MemorySegment segment = view.host().orElseThrow();
    Tensor kept = view.retain();
    buffer.close();
    assertThat(window.getFloat(4)).isEqualTo(2);
    kept.close();
    assertThatIllegalStateException().isThrownBy(() -> window.getFloat(4));
    assertThatIllegalStateException().isThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void aCloseThatFailsCanBeRepeated() throws IOException {
    buffer = loader.load();
    Tensor kept = buffer.tensor("w").retain();
    buffer.close();
    bench.runtime.busyOnClose = true;
    assertThatIllegalStateException().isThrownBy(kept::close);
    bench.runtime.busyOnClose = false;
    kept.close();
    assertThat(buffers()).isZero();
  }

  @Test
  void manyThreadsHoldAndLetGoWhileTheBufferCloses() throws Exception {
    buffer = loader.load();
    Tensor view = buffer.tensor("w");
    CountDownLatch begun = new CountDownLatch(4);
    List<Thread> threads = new ArrayList<>();
    List<Throwable> wrong = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  holdUntilItEnds(view, begun);
                } catch (Throwable e) {
                  synchronized (wrong) {
                    wrong.add(e);
                  }
                }
              }));
    }
    begun.await();
    buffer.close();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(wrong).isEmpty();
    assertThat(buffers()).isZero();
  }

  private static void holdUntilItEnds(Tensor view, CountDownLatch begun) throws LoadException {
    Tensor held = view.retain();
    begun.countDown();
    try {
      // Generous: the buffer is closed at once.
      for (Deadline end = Deadline.after(Duration.ofMinutes(1)); !end.hasPassed(); ) {
        Tensor next = view.retain();
        held.close();
        held = next;
        assertThat(held.getFloat(1, 1)).isEqualTo(4);
      }
      throw new AssertionError("the view never ended");
    } catch (IllegalStateException e) {
      assertThat(e).hasMessage("tensor 'w' F32 [2, 2] has ended: its FileBuffer is closed");
      assertThat(held.toFloatArray()).isEqualTo(NUMBERS);
    } finally {
      held.close();
    }
  }
}
