// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

/** Threads that use tensors while another closes them see them whole, or as ended. */
class ConcurrentCloseTests {
  private static final int USERS = 4;

  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private final Queue<Throwable> wrong = new ConcurrentLinkedQueue<>();
  private final CountDownLatch started = new CountDownLatch(USERS);

  /** A use of a tensor. */
  private interface Use {
    void of(Tensor tensor) throws IOException;
  }

  private FileBuffer buffer(Loader loader) throws IOException {
    Samples file = new Samples(folder.resolve("f")).with("w", DType.U8, 300_000).write();
    return loader.addFiles(0, List.of(file.path)).load();
  }

  /** Uses a tensor until it has ended, which has to be an IllegalStateException. */
  private Thread user(Tensor tensor, Use use) {
    return Thread.ofPlatform()
        .start(() -> {
          try {
            use.of(tensor);
            started.countDown();
            while (true) {
              use.of(tensor);
            }
          } catch (IllegalStateException e) {
            // The end that is asked for.
          } catch (Throwable e) {
            wrong.add(e);
          } finally {
            started.countDown();
          }
        });
  }

  private void closeWhileUsed(Tensor tensor, AutoCloseable owner, List<Use> uses) throws Exception {
    List<Thread> users = new ArrayList<>();
    for (Use use : uses) {
      users.add(user(tensor, use));
    }
    assertThat(started.await(60, TimeUnit.SECONDS)).isTrue();
    owner.close();
    for (Thread user : users) {
      user.join(60_000);
      assertThat(user.isAlive()).isFalse();
    }
    assertThat(wrong).isEmpty();
  }

  private static final List<Use> USES =
      List.of(
          tensor -> tensor.toHost(MemorySegment.ofArray(new byte[300_000])),
          tensor -> tensor.copy().close(),
          tensor -> tensor.to(DType.F32).close(),
          tensor -> {
            MemorySegment host = tensor.host().orElseThrow();
            for (long i = 0; i < host.byteSize(); i += 4096) {
              host.get(ValueLayout.JAVA_BYTE, i);
            }
          });

  @RepeatedTest(10)
  void aViewWhoseBufferCloses() throws Exception {
    Loader loader = bench.loader();
    FileBuffer buffer = buffer(loader);
    loader.close();
    closeWhileUsed(buffer.tensor("w"), buffer, USES);
    bench.ledger.assertAllClosedOnce();
  }

  @RepeatedTest(10)
  void aCopyThatIsClosed() throws Exception {
    Loader loader = bench.loader();
    FileBuffer buffer = buffer(loader);
    Tensor copy = buffer.tensor("w").copy();
    buffer.close();
    loader.close();
    closeWhileUsed(copy, copy, USES);
    bench.ledger.assertAllClosedOnce();
  }

  @RepeatedTest(5)
  void aViewOfRealHostMemory() throws Exception {
    try (Loader loader = bench.cpuLoader()) {
      FileBuffer buffer = buffer(loader);
      closeWhileUsed(buffer.tensor("w"), buffer, USES);
    }
    bench.ledger.assertAllClosedOnce();
  }

  @RepeatedTest(5)
  void aViewOfMemoryThatTheHostCantSee() throws Exception {
    bench.runtime.hostVisible = false;
    Loader loader = bench.loader();
    FileBuffer buffer = buffer(loader);
    loader.close();
    closeWhileUsed(
        buffer.tensor("w"), buffer, List.of(USES.get(0), USES.get(1), USES.get(2), USES.get(0)));
    bench.ledger.assertAllClosedOnce();
  }

  @RepeatedTest(5)
  void aBufferThatIsClosedByTwoThreads() throws Exception {
    Loader loader = bench.loader();
    FileBuffer buffer = buffer(loader);
    loader.close();
    Thread other = Thread.ofPlatform().start(buffer::close);
    buffer.close();
    other.join(60_000);
    assertThat(other.isAlive()).isFalse();
    bench.ledger.assertAllClosedOnce();
  }
}
