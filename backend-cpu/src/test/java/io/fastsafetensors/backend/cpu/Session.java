// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** An open session of the backend on the built-in device, and all that it handed out. */
final class Session implements AutoCloseable {
  private final CountedContext context;
  private final IoSession session;
  private final List<DeviceBuffer> buffers = new ArrayList<>();

  private Session(IoOptions options) throws LoadException {
    this.context = new CountedContext(Runtimes.of(Device.CPU).open(Device.CPU));
    this.session = new CpuIoBackend().open(context, options);
  }

  static Session open(IoOptions options) throws LoadException {
    return new Session(options);
  }

  static Session open(AccessPath path, RecordingMonitor monitor) throws LoadException {
    return open(options(path, 0, monitor));
  }

  /** Options with blocks of 64 KiB, so that small files have many. */
  static IoOptions options(AccessPath path, long alignment, RecordingMonitor monitor) {
    return IoOptions.builder(monitor)
        .path(path)
        .threads(3)
        .blockBytes(64 << 10)
        .alignment(alignment)
        .build();
  }

  static IoOptions withBudget(IoOptions o, long bytes) {
    return o.toBuilder().memoryBudget(bytes).build();
  }

  static IoOptions withDirect(IoOptions o, DirectMode direct) {
    return o.toBuilder().direct(direct).build();
  }

  IoTicket submit(RangePlan plan) throws LoadException {
    return session.submit(plan);
  }

  LoadedRanges load(RangePlan plan) throws LoadException {
    try (IoTicket ticket = submit(plan)) {
      LoadedRanges loaded = ticket.await();
      buffers.addAll(loaded.buffers());
      return loaded;
    }
  }

  static byte[] bytes(Region region) {
    return memory(region).toArray(ValueLayout.JAVA_BYTE);
  }

  static MemorySegment memory(Region region) {
    return region.buffer().host().orElseThrow().asSlice(region.offset(), region.bytes());
  }

  static void assertLoaded(SampleFile file, RangePlan plan, LoadedRanges loaded) {
    assertThat(loaded.regions()).hasSameSizeAs(plan.ranges());
    for (int i = 0; i < plan.ranges().size(); i++) {
      ByteRange range = plan.ranges().get(i);
      assertThat(bytes(loaded.regions().get(i))).as("%s", range).isEqualTo(file.expected(range));
    }
  }

  @Override
  public void close() {
    session.close();
    buffers.forEach(DeviceBuffer::close);
    assertThat(context.openBuffers()).as("buffers left open").isZero();
    context.close();
  }
}
