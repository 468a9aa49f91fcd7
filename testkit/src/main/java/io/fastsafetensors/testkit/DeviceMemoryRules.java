// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceInfo;
import io.fastsafetensors.spi.MemoryInfo;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.testkit.DeviceBench.RoundTrip;
import io.fastsafetensors.testkit.ProcessSnapshot.LeakCheck;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * The rules D-101 to D-113: devices, contexts and buffers.
 *
 * @since 0.1
 */
public interface DeviceMemoryRules extends DeviceRules {
  /** Rule D-101: the device asked for is opened, and one that is not there is refused. */
  @Test
  default void required_d101_opensTheDeviceAskedFor() {
    DeviceBench.use(
        "D-101",
        this,
        (bench, rule) -> {
          rule.same(device(), bench.context.device(), "the context's device");
          rule.refuses(
              LoadException.class,
              "open() of a device of another type",
              () -> runtime().open(new Device("no_such_type", 0)).close());
        });
  }

  /** Rule D-101: the devices are listed by index. */
  @Test
  default void required_d101_listsItsDevices() {
    DeviceBench.use(
        "D-101",
        this,
        (bench, rule) -> {
          List<DeviceInfo> devices = runtime().devices();
          rule.check(!devices.isEmpty(), "available, but lists no device");
          for (int i = 0; i < devices.size(); i++) {
            rule.same(new Device(runtime().type(), i), devices.get(i).device(), "device " + i);
            rule.check(devices.get(i).totalBytes() >= 0, "negative memory: " + devices.get(i));
          }
        });
  }

  /** Rule D-102: every thread that attaches can work. */
  @Test
  default void required_d102_anyThreadThatAttachesCanWork() {
    DeviceBench.use(
        "D-102",
        this,
        (bench, rule) -> {
          Crew crew = new Crew(environment().patience());
          for (int i = 0; i < 4; i++) {
            long seed = i;
            crew.add("thread " + i, () -> work(rule, bench.context, seed));
          }
          crew.await(rule);
        });
  }

  private void work(Rule rule, DeviceContext context, long seed) throws LoadException {
    context.attach();
    context.attach();
    for (int round = 0; round < 20; round++) {
      byte[] wanted = DeviceBench.pattern(seed + round, 10_000);
      byte[] found = RoundTrip.through(context, wanted, environment().patience());
      DeviceBench.same(rule, wanted, found, "memory used by one of several threads");
    }
  }

  /** Rule D-103: a context closes after all that was made from it, and again. */
  @Test
  default void required_d103_closesTwice() {
    DeviceBench.use(
        "D-103",
        this,
        (bench, rule) -> {
          DeviceContext context = runtime().open(device());
          context.close();
          rule.allows(
              "a second close()",
              () -> {
                context.close();
                return true;
              });
        });
  }

  /** Rule D-104: a closed buffer is an exception, never a crash. */
  @Test
  default void required_d104_closedBufferRefuses() {
    DeviceBench.use(
        "D-104",
        this,
        (bench, rule) -> {
          for (DeviceBuffer buffer :
              List.of(bench.buffer(1000), bench.context.allocateStaging(1000))) {
            Optional<MemorySegment> host = buffer.host();
            buffer.close();
            rule.refuses(IllegalStateException.class, "address() after close()", buffer::address);
            rule.refuses(IllegalStateException.class, "host() after close()", buffer::host);
            host.ifPresent(segment -> refusesAccess(rule, segment));
          }
        });
  }

  private static void refusesAccess(Rule rule, MemorySegment segment) {
    // asked first: access to freed memory would end the process
    rule.check(
        !segment.scope().isAlive(), "the scope of host() lives on after the buffer was closed");
    rule.refuses(
        IllegalStateException.class,
        "access after close()",
        () -> segment.get(ValueLayout.JAVA_BYTE, 0));
  }

  /** Rule D-105: closing a buffer again does nothing. */
  @Test
  default void required_d105_bufferClosesTwice() {
    DeviceBench.use(
        "D-105",
        this,
        (bench, rule) -> {
          DeviceBuffer buffer = bench.buffer(1000);
          buffer.close();
          rule.allows(
              "a second close()",
              () -> {
                buffer.close();
                return true;
              });
        });
  }

  /** Rule D-106: sizes and alignments are as asked for, and buffers don't overlap. */
  @Test
  default void required_d106_sizesAndAlignments() {
    DeviceBench.use(
        "D-106",
        this,
        (bench, rule) -> {
          for (long alignment = 1; alignment <= 65_536; alignment *= 4) {
            for (long bytes : new long[] {0, 1, 4095, 1_000_003}) {
              try (DeviceBuffer buffer = bench.context.allocate(bytes, alignment)) {
                rule.same(bytes, buffer.size(), "the size");
                rule.same(device(), buffer.device(), "the device");
                rule.same(0L, buffer.address() % alignment, "the address modulo " + alignment);
              }
            }
          }
        });
  }

  /** Rule D-106: sizes and alignments that make no sense are the caller's mistake. */
  @Test
  default void required_d106_senselessSizesAreRefused() {
    DeviceBench.use(
        "D-106",
        this,
        (bench, rule) -> {
          long[][] senseless = {{-1, 64}, {100, 0}, {100, 3}, {100, -8}};
          for (long[] pair : senseless) {
            rule.refuses(
                IllegalArgumentException.class,
                "allocate(" + pair[0] + ", " + pair[1] + ")",
                () -> bench.context.allocate(pair[0], pair[1]).close());
          }
        });
  }

  /** Rule D-107: too much is an error that says so, and the device goes on. */
  @Test
  default void required_d107_tooMuchIsAnError() {
    DeviceBench.use(
        "D-107",
        this,
        (bench, rule) -> {
          long tooMuch = 1L << 60;
          DeviceMemoryException failure =
              rule.refuses(
                  DeviceMemoryException.class,
                  "allocate(2^60)",
                  () -> bench.context.allocate(tooMuch, 64).close());
          rule.same(tooMuch, failure.neededBytes(), "neededBytes()");
          byte[] wanted = DeviceBench.pattern(1, 1000);
          DeviceBench.same(
              rule,
              wanted,
              RoundTrip.through(bench.context, wanted, environment().patience()),
              "memory after a refusal");
        });
  }

  /** Rule D-108: the host sees host memory, whole, and no other. */
  @Test
  default void required_d108_hostViewIsTheBuffer() {
    DeviceBench.use(
        "D-108",
        this,
        (bench, rule) -> {
          try (DeviceBuffer buffer = bench.buffer(10_000)) {
            if (device().isCpu()) {
              rule.check(buffer.host().isPresent(), "cpu memory without host()");
            }
            buffer.host().ifPresent(host -> isView(rule, host, buffer));
          }
        });
  }

  /** Rule D-109: staging memory is the host's, in whole pages' alignment. */
  @Test
  default void required_d109_stagingIsHostMemory() {
    DeviceBench.use(
        "D-109",
        this,
        (bench, rule) -> {
          for (long bytes : new long[] {1, 4096, 1_000_003}) {
            try (DeviceBuffer staging = bench.context.allocateStaging(bytes)) {
              rule.same(Device.CPU, staging.device(), "the device of staging memory");
              rule.same(bytes, staging.size(), "the size of staging memory");
              rule.same(0L, staging.address() % 4096, "its address modulo 4096");
              rule.check(staging.host().isPresent(), "staging memory without host()");
              isView(rule, staging.host().orElseThrow(), staging);
            }
          }
          rule.refuses(
              IllegalArgumentException.class,
              "allocateStaging(0)",
              () -> bench.context.allocateStaging(0).close());
        });
  }

  private static void isView(Rule rule, MemorySegment host, DeviceBuffer buffer) {
    rule.check(host.isNative() && !host.isReadOnly(), "host() is not writable native memory");
    rule.same(buffer.size(), host.byteSize(), "the size of host()");
    rule.same(buffer.address(), host.address(), "the address of host()");
    rule.check(
        host.isAccessibleBy(Thread.ofPlatform().unstarted(() -> {})),
        "host() belongs to one thread");
  }

  /** Rule D-110: free memory is not more than all memory. */
  @Test
  default void required_d110_memoryIsPlausible() {
    DeviceBench.use(
        "D-110",
        this,
        (bench, rule) -> {
          MemoryInfo memory = bench.context.memory();
          rule.check(
              memory.totalBytes() > 0
                  && memory.freeBytes() >= 0
                  && memory.freeBytes() <= memory.totalBytes(),
              "implausible: " + memory);
        });
  }

  /** Rule D-111: a context that is closed leaves nothing behind. */
  @Test
  default void required_d111_leavesNothingBehind() {
    DeviceBench.use(
        "D-111",
        this,
        (_, rule) ->
            LeakCheck.check(rule, "contexts", 10, environment().patience(), this::useContext));
  }

  private void useContext() throws LoadException {
    try (DeviceContext context = runtime().open(device())) {
      context.attach();
      RoundTrip.through(context, new byte[10_000], environment().patience());
    }
  }

  /** Rule D-112: a buffer of more than 4 GiB, if {@link TestkitEnvironment#large} says so. */
  @Test
  default void required_d112_buffersOver4GiB() {
    Assumptions.assumeTrue(
        environment().large(), "takes 4 GiB of device memory: set fst.testkit.large=true");
    DeviceBench.use(
        "D-112",
        this,
        (bench, rule) -> {
          long bytes = (4L << 30) + 12_345;
          byte[] wanted = DeviceBench.pattern(2, 10_000);
          try (DeviceBuffer buffer = bench.buffer(bytes)) {
            Region end = Region.of(buffer, bytes - wanted.length, wanted.length);
            bench.stream.copyFromHost(bench.host(wanted), end);
            DeviceBench.same(rule, wanted, bench.read(end), "the end of " + bytes + " bytes");
          }
        });
  }

  /** Rule D-113: what the context says of the host's view holds for its buffers. */
  @Test
  default void required_d113_hostVisibleIsTrue() {
    DeviceBench.use(
        "D-113",
        this,
        (bench, rule) -> {
          boolean visible = bench.context.isHostVisible();
          rule.check(visible || !device().isCpu(), "the host doesn't see its own memory");
          for (long bytes : new long[] {0, 1, 1_000_003}) {
            try (DeviceBuffer buffer = bench.buffer(bytes)) {
              rule.check(
                  !visible || buffer.host().isPresent(), bytes + " bytes that the host can't see");
            }
          }
        });
  }

  /** Rule D-113: host and device see what the other wrote. */
  @Test
  default void required_d113_hostAndDeviceSeeTheSame() {
    DeviceBench.use(
        "D-113",
        this,
        (bench, rule) -> {
          Assumptions.assumeTrue(
              bench.context.isHostVisible(), device() + ": the host doesn't see its memory");
          byte[] wanted = DeviceBench.pattern(3, 100_000);
          try (DeviceBuffer buffer = bench.buffer(wanted.length);
              DeviceBuffer copy = bench.buffer(wanted.length)) {
            buffer.host().orElseThrow().copyFrom(MemorySegment.ofArray(wanted));
            bench.stream.copy(Region.of(buffer), Region.of(copy));
            bench.settle();
            byte[] found = DeviceBench.bytes(copy.host().orElseThrow());
            DeviceBench.same(rule, wanted, found, "written by the host, copied on the device");
          }
        });
  }
}
