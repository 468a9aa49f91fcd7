// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.opentest4j.TestAbortedException;

/**
 * Looks whenever a block is told whether its bytes were read: into staging memory, or into their
 * place, which is known only afterwards, so that a copy of all memory is kept.
 */
final class BlockWatch {
  private record Seen(TestMonitor.Block block, Map<DeviceBuffer, byte[]> memory) {}

  private final TrackedContext context;
  private final TestMonitor monitor;
  private final SampleFile file;
  private final List<Seen> all = new CopyOnWriteArrayList<>();
  private final List<LoadException> failures = new CopyOnWriteArrayList<>();

  BlockWatch(TrackedContext context, TestMonitor monitor, SampleFile file) {
    this.file = file;
    this.context = context;
    this.monitor = monitor;
  }

  /** Looks, on the thread that tells of the block. */
  void look(TestMonitor.Block block) {
    if (isStaged(file.expected(range(block)))) {
      return;
    }
    Map<DeviceBuffer, byte[]> memory = new HashMap<>();
    context.real().attach();
    try {
      for (DeviceBuffer buffer : context.allocated()) {
        try {
          memory.put(buffer, copy(buffer));
        } catch (IllegalStateException e) {
          // closed meanwhile: nothing that will be handed out
        }
      }
      all.add(new Seen(block, memory));
    } catch (LoadException e) {
      failures.add(e);
    }
  }

  private ByteRange range(TestMonitor.Block block) {
    long begin = Math.clamp(block.offset(), 0, file.bytes() - 1);
    return new ByteRange(begin, Math.clamp(begin + block.bytes(), begin + 1, file.bytes()));
  }

  private boolean isStaged(byte[] wanted) {
    MemorySegment bytes = MemorySegment.ofArray(wanted);
    return context.staging().stream()
        .map(buffer -> buffer.host().orElseThrow())
        .anyMatch(memory -> contains(memory, bytes));
  }

  private static boolean contains(MemorySegment memory, MemorySegment bytes) {
    byte first = bytes.get(ValueLayout.JAVA_BYTE, 0);
    for (long at = 0; at <= memory.byteSize() - bytes.byteSize(); at++) {
      if (memory.get(ValueLayout.JAVA_BYTE, at) == first
          && memory.asSlice(at, bytes.byteSize()).mismatch(bytes) < 0) {
        return true;
      }
    }
    return false;
  }

  private byte[] copy(DeviceBuffer buffer) throws LoadException {
    if (buffer.host().isPresent()) {
      return buffer.host().get().toArray(ValueLayout.JAVA_BYTE);
    }
    try (Arena arena = Arena.ofShared();
        DeviceStream stream = context.real().newStream()) {
      MemorySegment host = arena.allocate(buffer.size());
      stream.copyToHost(Region.of(buffer), host);
      stream.record().await(monitor.deadline());
      return host.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** Fails unless each block of a file that was read as one range was there when it was told. */
  void check(Rule rule, Region region) throws LoadException {
    for (LoadException failure : failures) {
      throw failure;
    }
    byte[] wanted = file.expected(file.whole().ranges().getFirst());
    for (Seen seen : all) {
      byte[] memory = seen.memory().get(region.buffer());
      if (memory == null) {
        checkMadeLater(rule, seen.block(), region.buffer());
        return;
      }
      checkBlock(rule, seen.block(), wanted, memory, Math.toIntExact(region.offset()));
    }
  }

  private void checkMadeLater(Rule rule, TestMonitor.Block block, DeviceBuffer buffer) {
    if (!context.allocated().contains(buffer)) {
      throw new TestAbortedException("can't be checked: the memory is none of the context's");
    }
    throw rule.broken("blockDone() was told of " + block + " before there was memory for it");
  }

  private static void checkBlock(
      Rule rule, TestMonitor.Block block, byte[] wanted, byte[] memory, int begin) {
    int end = Math.toIntExact(Math.min(wanted.length, block.offset() + block.bytes()));
    for (int at = Math.toIntExact(block.offset()); at < end; at++) {
      rule.check(
          memory[begin + at] == wanted[at],
          "blockDone() was told of bytes %s to %s of the file before byte %s was read"
              .formatted(block.offset(), end, at));
    }
  }
}
