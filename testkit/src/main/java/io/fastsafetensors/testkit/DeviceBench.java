// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;

/** One test's context and stream of a device, with host memory to copy from and to. */
final class DeviceBench implements AutoCloseable {
  /** What a test does. */
  @FunctionalInterface
  interface Body {
    void run(DeviceBench bench, Rule rule) throws Exception;
  }

  final DeviceContext context;
  final DeviceStream stream;

  private final Duration patience;
  private final Arena arena = Arena.ofShared();

  /** Makes a bench of a context, which it will close. */
  DeviceBench(DeviceContext context, Duration patience) throws LoadException {
    this.context = context;
    this.patience = patience;
    context.attach();
    this.stream = context.newStream();
  }

  /**
   * Tries a rule. Skips the test, visibly, if the runtime is unavailable here; an exception that
   * the test did not expect breaks the rule.
   */
  static void use(String rule, DeviceRules subject, Body body) {
    DeviceRuntime runtime = subject.runtime();
    Probing.assumeAvailable(runtime, runtime::probe);
    Rule tried = new Rule(rule);
    tried.allows(
        "the device",
        () -> {
          DeviceContext context = runtime.open(subject.device());
          try (DeviceBench bench = new DeviceBench(context, subject.environment().patience())) {
            body.run(bench, tried);
            return true;
          }
        });
  }

  Deadline soon() {
    return Deadline.after(patience);
  }

  DeviceBuffer buffer(long bytes) throws LoadException {
    return context.allocate(bytes, 64);
  }

  /** Makes a device buffer of known bytes. */
  DeviceBuffer filled(long bytes, long seed) throws LoadException {
    return filled(pattern(seed, bytes));
  }

  /** Makes a device buffer of known bytes, without waiting until they are there. */
  DeviceBuffer filled(byte[] bytes) throws LoadException {
    DeviceBuffer buffer = buffer(bytes.length);
    stream.copyFromHost(host(bytes), Region.of(buffer));
    return buffer;
  }

  MemorySegment host(long bytes) {
    return arena.allocate(bytes, 64);
  }

  MemorySegment host(byte[] bytes) {
    return host(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
  }

  static byte[] pattern(long seed, long bytes) {
    byte[] pattern = new byte[Math.toIntExact(bytes)];
    for (int i = 0; i < pattern.length; i++) {
      pattern[i] = SampleFiles.byteAt(seed, i);
    }
    return pattern;
  }

  void settle() throws LoadException {
    stream.record().await(soon());
  }

  /** Reads a region, after what the stream has to do. */
  byte[] read(Region region) throws LoadException {
    MemorySegment host = host(region.bytes());
    stream.copyToHost(region, host);
    settle();
    return bytes(host);
  }

  static byte[] bytes(MemorySegment host) {
    return host.toArray(ValueLayout.JAVA_BYTE);
  }

  /** Fails unless bytes are as they should be. */
  static void same(Rule rule, byte[] wanted, byte[] found, String what) {
    rule.same(wanted.length, found.length, "the number of bytes of " + what);
    int wrong = Arrays.mismatch(wanted, found);
    if (wrong >= 0) {
      throw rule.broken(
          String.format(
              Locale.ROOT,
              "%s: of %s bytes, number %s is 0x%02x, want 0x%02x",
              what,
              wanted.length,
              wrong,
              found[wrong],
              wanted[wrong]));
    }
  }

  @Override
  public void close() {
    try (arena;
        context) {
      context.attach(); // the test may have attached another
      stream.close();
    }
  }

  /** Brings bytes to a device and back: staging memory, device memory, a stream. */
  static final class RoundTrip {
    private RoundTrip() {}

    static byte[] through(DeviceContext context, byte[] bytes, Duration patience)
        throws LoadException {
      try (DeviceBuffer staging = context.allocateStaging(bytes.length);
          DeviceBuffer buffer = context.allocate(bytes.length, 64);
          DeviceStream stream = context.newStream()) {
        MemorySegment host = staging.host().orElseThrow();
        host.copyFrom(MemorySegment.ofArray(bytes));
        stream.copyFromHost(host, Region.of(buffer));
        stream.record().await(Deadline.after(patience));
        host.fill((byte) 0);
        stream.copyToHost(Region.of(buffer), host);
        stream.record().await(Deadline.after(patience));
        return DeviceBench.bytes(host);
      }
    }
  }
}
