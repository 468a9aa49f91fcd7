// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SessionThreadsTests {
  private final CountDownLatch mayEnd = new CountDownLatch(1);
  private final Collection<Thread> begun = new ConcurrentLinkedQueue<>();

  private void work() {
    begun.add(Thread.currentThread());
    while (true) {
      try {
        mayEnd.await();
        return;
      } catch (InterruptedException e) {
        throw new AssertionError("nobody interrupts these threads", e);
      }
    }
  }

  @Test
  void threadsAreAsManyAsWereAskedForAtMost() throws Exception {
    SessionThreads threads = new SessionThreads("a-test-", this::work);
    threads.startFirst();
    threads.startFirst();
    threads.grow(3);
    threads.grow(2);
    mayEnd.countDown();
    threads.close();

    assertThat(begun).allMatch(Thread::isDaemon);
    assertThat(begun)
        .extracting(Thread::getName)
        .containsExactlyInAnyOrder("a-test-0", "a-test-1", "a-test-2");
  }

  @Test
  void closeWaitsForAThreadAlsoWhenInterrupted() throws Exception {
    SessionThreads threads = new SessionThreads("a-test-", this::work);
    threads.startFirst();
    threads.startFirst();
    AtomicBoolean interrupted = new AtomicBoolean();
    Thread closer =
        Thread.ofPlatform()
            .start(() -> {
              Thread.currentThread().interrupt();
              threads.close();
              interrupted.set(Thread.interrupted());
            });
    closer.join(50);
    assertThat(closer.isAlive()).as("close() still waits").isTrue();

    mayEnd.countDown();
    closer.join();
    assertThat(interrupted).isTrue();
    assertThat(begun).singleElement().matches(thread -> !thread.isAlive());
  }

  @Test
  void sessionWithoutThreadsEndsAtOnce() {
    new SessionThreads("a-test-", this::work).close();
    assertThat(begun).isEmpty();
  }
}
