// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.LoadException;
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

/** Keeps what memory held whenever a block was told, since its place is known only afterwards. */
final class BlockWatch {
  private record Seen(TestMonitor.Block block, Map<DeviceBuffer, byte[]> memory) {}

  private final TrackedContext context;
  private final TestMonitor monitor;
  private final List<Seen> all = new CopyOnWriteArrayList<>();
  private final List<LoadException> failures = new CopyOnWriteArrayList<>();

  BlockWatch(TrackedContext context, TestMonitor monitor) {
    this.context = context;
    this.monitor = monitor;
  }

  /** Takes a copy of all memory, on the thread that tells of the block. */
  void look(TestMonitor.Block block) {
    Map<DeviceBuffer, byte[]> memory = new HashMap<>();
    context.real().attach();
    try {
      for (DeviceBuffer buffer : context.allocated()) {
        memory.put(buffer, copy(buffer));
      }
      all.add(new Seen(block, memory));
    } catch (LoadException e) {
      failures.add(e);
    }
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
  void check(Rule rule, SampleFile file, Region region) throws LoadException {
    for (LoadException failure : failures) {
      throw failure;
    }
    byte[] wanted = file.expected(file.whole().ranges().getFirst());
    for (Seen seen : all) {
      byte[] memory = seen.memory().get(region.buffer());
      if (memory == null) {
        throw new TestAbortedException("can't be checked: the memory is none of the context's");
      }
      checkBlock(rule, seen.block(), wanted, memory, Math.toIntExact(region.offset()));
    }
  }

  private static void checkBlock(
      Rule rule, TestMonitor.Block block, byte[] wanted, byte[] memory, int begin) {
    int end = Math.toIntExact(Math.min(wanted.length, block.offset() + block.bytes()));
    for (int at = Math.toIntExact(block.offset()); at < end; at++) {
      rule.check(
          memory[begin + at] == wanted[at],
          "blockDone() was told of bytes %s to %s of the file before byte %s was in its place"
              .formatted(block.offset(), end, at));
    }
  }
}
