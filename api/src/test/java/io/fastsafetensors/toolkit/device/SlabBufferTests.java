// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.host.HostRuntime;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.MemorySegment.Scope;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Small host memory shares arenas until its segment is asked for. */
class SlabBufferTests {
  private static final long SECONDS = 20;

  private final DeviceContext context = open();
  private final Set<Scope> scopes = new HashSet<>();

  private static DeviceContext open() {
    try {
      return new HostRuntime().open(Device.CPU);
    } catch (LoadException e) {
      throw new AssertionError(e);
    }
  }

  /** Whatever a test did, no arena that it saw stays. */
  @AfterEach
  void nothingIsLeft() {
    context.close();
    assertThat(scopes).noneMatch(Scope::isAlive);
  }

  private Scope scope(DeviceBuffer buffer) {
    List<Scope> seen = new ArrayList<>();
    assertThat(HostMemory.show(buffer, memory -> seen.add(memory.scope()))).isTrue();
    scopes.addAll(seen);
    return seen.getFirst();
  }

  private List<DeviceBuffer> allocate(int count, long bytes) throws LoadException {
    List<DeviceBuffer> buffers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      DeviceBuffer buffer = context.allocate(bytes, 64);
      byte value = (byte) i;
      HostMemory.show(buffer, memory -> memory.fill(value));
      scope(buffer);
      buffers.add(buffer);
    }
    return buffers;
  }

  private static void has(DeviceBuffer buffer, int value) {
    HostMemory.show(
        buffer,
        memory -> {
          assertThat(memory.byteSize()).isEqualTo(buffer.size());
          assertThat(memory.address() % 64).isZero();
          byte[] bytes = memory.toArray(ValueLayout.JAVA_BYTE);
          for (byte found : bytes) {
            assertThat(found).isEqualTo((byte) value);
          }
        });
  }

  @Test
  void manyShareAnArena() throws LoadException {
    for (long bytes : new long[] {1, 100, 3001, 65_535}) {
      scopes.clear();
      List<DeviceBuffer> buffers = allocate(300, bytes);
      assertThat(scopes).hasSizeLessThan(40);
      for (int i = 0; i < buffers.size(); i++) {
        has(buffers.get(i), i);
      }
      buffers.forEach(DeviceBuffer::close);
      assertThat(scopes).filteredOn(Scope::isAlive).hasSizeLessThan(2);
    }
  }

  @Test
  void memoryThatIsGivenBackServesTheNext() throws LoadException {
    for (int i = 0; i < 100; i++) {
      allocate(1, 1000).getFirst().close();
    }
    assertThat(scopes).hasSize(1);
  }

  @Test
  void oneThatStaysKeepsItsOwnSlabOnly() throws LoadException {
    List<DeviceBuffer> buffers = allocate(300, 10_000);
    DeviceBuffer kept = buffers.remove(0);
    buffers.forEach(DeviceBuffer::close);
    has(kept, 0);
    assertThat(scopes).filteredOn(Scope::isAlive).hasSizeLessThan(3);
    kept.close();
  }

  @Test
  void memoryFreedAfterTheContextGoesToTheSystem() throws LoadException {
    List<DeviceBuffer> buffers = allocate(10, 1000);
    context.close();
    has(buffers.get(7), 7);
    buffers.forEach(DeviceBuffer::close);
  }

  @Test
  void whoeverAsksForTheSegmentGetsOneThatEndsWithTheBuffer() throws LoadException {
    List<DeviceBuffer> buffers = allocate(2, 1000);
    DeviceBuffer asked = buffers.getFirst();
    MemorySegment memory = asked.host().orElseThrow();
    assertThat(asked.host()).hasValue(memory);
    assertThat(asked.address()).isEqualTo(memory.address());
    assertThat(scope(asked)).isEqualTo(memory.scope()).isNotEqualTo(scope(buffers.get(1)));
    has(asked, 0);
    memory.fill((byte) 9);
    has(asked, 9);
    asked.close();
    assertThat(memory.scope().isAlive()).isFalse();
    has(buffers.get(1), 1);
    buffers.get(1).close();
  }

  @Test
  void closedBuffersRefuse() throws LoadException {
    DeviceBuffer buffer = allocate(1, 1000).getFirst();
    buffer.close();
    buffer.close();
    assertThatIllegalStateException().isThrownBy(buffer::host);
    assertThatIllegalStateException().isThrownBy(buffer::address);
    assertThatIllegalStateException().isThrownBy(() -> HostMemory.show(buffer, _ -> {}));
  }

  /** Work on the memory is waited for by who asks for the segment, and stops who closes. */
  @Test
  void memoryNeitherMovesNorEndsUnderWork() throws Exception {
    DeviceBuffer buffer = allocate(1, 1000).getFirst();
    CountDownLatch working = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    CompletableFuture<Boolean> work =
        CompletableFuture.supplyAsync(() ->
            HostMemory.show(
                buffer,
                memory -> {
                  working.countDown();
                  await(end);
                  memory.fill((byte) 5);
                }));
    await(working);
    assertThatIllegalStateException().isThrownBy(buffer::close).withMessageContaining("in use");
    Thread asking = Thread.ofPlatform().daemon().start(buffer::host);
    while (asking.getState() != Thread.State.WAITING && asking.isAlive()) {
      Thread.onSpinWait();
    }
    assertThat(asking.isAlive()).as("host() waits for the work").isTrue();
    end.countDown();
    work.get(SECONDS, TimeUnit.SECONDS);
    assertThat(asking.join(Duration.ofSeconds(SECONDS))).isTrue();
    has(buffer, 5);
    buffer.close();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(SECONDS, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Copies to and fro, and requests for segments, on many threads. */
  @Test
  void threadsThatCrossDontBlock() {
    assertTimeoutPreemptively(
        Duration.ofSeconds(SECONDS),
        () -> {
          for (int round = 0; round < 300; round++) {
            List<DeviceBuffer> buffers = allocate(2, 5000);
            Region one = Region.of(buffers.get(0));
            Region other = Region.of(buffers.get(1));
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
              all.add(CompletableFuture.runAsync(() -> copy(one, other)));
              all.add(CompletableFuture.runAsync(() -> copy(other, one)));
              all.add(CompletableFuture.runAsync(() -> buffers.get(0).host()));
              all.add(CompletableFuture.runAsync(() -> buffers.get(1).address()));
            }
            all.forEach(CompletableFuture::join);
            buffers.forEach(DeviceBuffer::close);
          }
        });
  }

  private void copy(Region from, Region to) {
    try (DeviceStream stream = context.newStream()) {
      stream.copy(from, to);
    } catch (LoadException e) {
      throw new AssertionError(e);
    }
  }
}
