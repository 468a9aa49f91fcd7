// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.backend.posix.libc.Faults;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.backend.posix.memory.LinuxContext;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.testkit.SampleFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/** Loads files in the ways that a test wants, and compares bytes. */
final class Loads implements AutoCloseable {
  private static final long COMPARED_AT_ONCE = 1 << 20;

  final RecordingMonitor monitor = new RecordingMonitor();
  final Map<String, String> properties = new HashMap<>();
  Libc libc = Faults.real();
  DeviceContext context = new LinuxContext(libc, OptionalInt.empty(), 1L << 30);
  AccessPath path = AccessPath.COPIED;
  DirectMode direct = DirectMode.AUTO;
  boolean writable;
  int threads;
  long blockBytes;
  long alignment;
  long budget = Long.MAX_VALUE;

  PosixSession session() {
    return new PosixSession(
        libc,
        context,
        IoOptions.builder(monitor)
            .path(path)
            .direct(direct)
            .writable(writable)
            .threads(threads)
            .blockBytes(blockBytes)
            .alignment(alignment)
            .memoryBudget(budget)
            .properties(properties)
            .build());
  }

  /** Loads into host memory; the caller closes what comes. */
  LoadedRanges load(RangePlan plan) throws LoadException {
    try (PosixSession session = session();
        IoTicket ticket = session.submit(plan)) {
      return ticket.await();
    }
  }

  /** Loads, compares every byte, and returns how the bytes came. */
  LoadedRanges check(SampleFile file, RangePlan plan) throws LoadException {
    LoadedRanges loaded = load(plan);
    compare(file, plan, loaded);
    release(loaded);
    return loaded;
  }

  LoadedRanges check(SampleFile file) throws LoadException {
    return check(file, file.whole());
  }

  static void release(LoadedRanges loaded) {
    loaded.buffers().forEach(DeviceBuffer::close);
  }

  /** Compares every byte in host memory with the file's. */
  static void compare(SampleFile file, RangePlan plan, LoadedRanges loaded) {
    assertThat(loaded.regions()).hasSameSizeAs(plan.ranges());
    for (int i = 0; i < plan.ranges().size(); i++) {
      compare(file, plan.ranges().get(i), loaded.regions().get(i));
    }
  }

  private static void compare(SampleFile file, ByteRange range, Region region) {
    assertThat(region.bytes()).isEqualTo(range.size());
    MemorySegment memory =
        region.buffer().host().orElseThrow().asSlice(region.offset(), region.bytes());
    for (long at = 0; at < range.size(); at += COMPARED_AT_ONCE) {
      long count = Math.min(COMPARED_AT_ONCE, range.size() - at);
      byte[] found = memory.asSlice(at, count).toArray(ValueLayout.JAVA_BYTE);
      long begin = range.begin() + at;
      assertThat(found).isEqualTo(file.expected(new ByteRange(begin, begin + count)));
    }
  }

  @Override
  public void close() {
    context.close();
  }
}
