// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoMonitor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;

/** The engine's side of a load, in a test: records blocks, and can slow, hold or cancel. */
final class TestMonitor implements IoMonitor {
  record Block(Path file, TransferPath path, long offset, long bytes) {}

  private final List<Block> blocks = new CopyOnWriteArrayList<>();
  private final AtomicInteger checkpoints = new AtomicInteger();
  private final WatchedMemory memory = new WatchedMemory();
  private final Set<Thread> callers = ConcurrentHashMap.newKeySet();
  private final Duration longestHold;
  private volatile Deadline deadline;
  private volatile CountDownLatch gate = new CountDownLatch(0);
  private volatile Duration pace = Duration.ZERO;
  private volatile boolean held;
  private volatile int cancelAt = Integer.MAX_VALUE;
  private volatile Consumer<Block> onBlock = block -> {};

  TestMonitor(Duration patience) {
    this.longestHold = patience.multipliedBy(2);
    this.deadline = Deadline.after(patience.multipliedBy(3));
  }

  /** Starts a deadline. */
  void deadline(Duration allowed) {
    deadline = Deadline.after(allowed);
  }

  /** Cancels the load at the n-th checkpoint and every later one. */
  void cancelAt(int checkpoint) {
    cancelAt = checkpoint;
  }

  /** Does something after each block, on the thread that tells of it. */
  void onBlock(Consumer<Block> action) {
    onBlock = action;
  }

  /** Makes each block take longer. */
  void pace(Duration perBlock) {
    pace = perBlock;
  }

  /** Names the thread that stands for the engine: it is never held. */
  void caller() {
    callers.add(Thread.currentThread());
  }

  /** Holds readers at their next checkpoint. */
  void holdReaders() {
    gate = new CountDownLatch(1);
  }

  /** Holds readers at their next checkpoint once so many blocks are done. */
  void holdReadersAfter(int count) {
    AtomicBoolean once = new AtomicBoolean();
    onBlock(block -> {
      if (blocks.size() >= count && once.compareAndSet(false, true)) {
        holdReaders();
      }
    });
  }

  /** Tells whether readers will be held at their next checkpoint. */
  boolean isHolding() {
    return gate.getCount() > 0;
  }

  void releaseReaders() {
    gate.countDown();
  }

  List<Block> blocks() {
    return List.copyOf(blocks);
  }

  int checkpoints() {
    return checkpoints.get();
  }

  long blockBytes() {
    return blocks.stream().mapToLong(Block::bytes).sum();
  }

  @Override
  public void blockDone(Path file, TransferPath path, long offset, long bytes, long nanos) {
    Block block = new Block(file, path, offset, bytes);
    blocks.add(block);
    LockSupport.parkNanos(pace.toNanos());
    onBlock.accept(block);
  }

  @Override
  public WatchedMemory memory() {
    return memory;
  }

  @Override
  public void checkpoint() throws LoadCancelledException {
    int count = checkpoints.incrementAndGet();
    if (!callers.contains(Thread.currentThread()) && gate.getCount() > 0) {
      hold();
    }
    if (deadline.hasPassed()) {
      throw new LoadCancelledException("out of time at checkpoint " + count, true);
    }
    if (count >= cancelAt) {
      throw new LoadCancelledException("cancelled by the testkit at checkpoint " + count, false);
    }
  }

  /** Tells whether a reader was ever held: not where reads are made by the caller's thread. */
  boolean hasHeld() {
    return held;
  }

  /** Waits until a reader is held; skips the test, visibly, where none ever is. */
  void awaitHeld(Duration patience) {
    Deadline latest = Deadline.after(patience);
    while (!held && !latest.hasPassed()) {
      LockSupport.parkNanos(1_000_000);
    }
    Assumptions.assumeTrue(held, "the backend reads on the caller's thread: no reader hangs");
  }

  private void hold() {
    held = true;
    try {
      if (!gate.await(longestHold.toNanos(), TimeUnit.NANOSECONDS)) {
        releaseReaders();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public Deadline deadline() {
    return deadline;
  }
}
