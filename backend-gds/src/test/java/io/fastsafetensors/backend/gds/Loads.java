// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.backend.gds.cufile.CuFileBinding.Bound;
import io.fastsafetensors.backend.gds.host.HostView;
import io.fastsafetensors.device.cuda.simulated.SilentMonitor;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.TransferStats;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.toolkit.plugin.NativeBinding;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;

/** Loads sample files to a simulated GPU, and looks at what came. */
final class Loads {
  static final Device CUDA = new Device("cuda", 0);
  static final int BLOCK = 64 << 10;

  private final NativeBinding<Bound> binding;
  private final HostView host;
  private final Map<String, String> properties = new HashMap<>();
  private IoMonitor monitor = new SilentMonitor();
  private DirectMode direct = DirectMode.AUTO;
  private int threads = 3;

  Loads(NativeBinding<Bound> binding, HostView host) {
    this.binding = binding;
    this.host = host;
  }

  Loads property(String key, String value) {
    properties.put(key, value);
    return this;
  }

  Loads monitor(IoMonitor other) {
    monitor = other;
    return this;
  }

  Loads direct(DirectMode mode) {
    direct = mode;
    return this;
  }

  Loads threads(int count) {
    threads = count;
    return this;
  }

  GdsIoBackend backend() {
    return new GdsIoBackend(binding, host, 4096);
  }

  /** Loads a plan of a file in a session of its own, compares every byte, and frees it. */
  TransferStats load(SampleFile file, RangePlan plan) throws LoadException {
    IoOptions options =
        IoOptions.builder(monitor)
            .direct(direct)
            .threads(threads)
            .blockBytes(BLOCK)
            .properties(properties)
            .build();
    try (DeviceContext context = Runtimes.of(CUDA).open(CUDA)) {
      context.attach();
      try (IoSession session = backend().open(context, options);
          IoTicket ticket = session.submit(plan)) {
        LoadedRanges loaded = ticket.await();
        try {
          compare(file, plan, loaded, context);
          return loaded.stats();
        } finally {
          loaded.buffers().forEach(DeviceBuffer::close);
        }
      }
    }
  }

  private static void compare(
      SampleFile file, RangePlan plan, LoadedRanges loaded, DeviceContext context)
      throws LoadException {
    try (DeviceStream stream = context.newStream()) {
      for (int i = 0; i < plan.ranges().size(); i++) {
        ByteRange range = plan.ranges().get(i);
        if (range.size() > 0) {
          assertThat(bytes(loaded.regions().get(i), stream)).isEqualTo(file.expected(range));
        }
      }
    }
  }

  private static byte[] bytes(Region region, DeviceStream stream) throws LoadException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment host = arena.allocate(region.bytes());
      stream.copyToHost(region, host);
      stream.record().await(new SilentMonitor().deadline());
      return host.toArray(ValueLayout.JAVA_BYTE);
    }
  }
}
