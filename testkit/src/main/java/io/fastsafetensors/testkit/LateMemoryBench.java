// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.DeviceContext.LateMemory;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.testkit.SampleFiles.ScratchFolder;
import io.fastsafetensors.toolkit.host.PlannedMemory;
import java.io.IOException;
import java.lang.ScopedValue.CallableOp;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Assumptions;

/** Late memory, a load's memory that counts what is promised, and a mapped file. */
final class LateMemoryBench implements AutoCloseable {
  /** The largest page of the platforms that Java runs on. */
  static final long PAGE = 64 << 10;

  final LateMemory late;
  final Promises promises = new Promises();

  private final ScratchFolder folder;
  private final Arena arena = Arena.ofShared();

  private LateMemoryBench(LateMemory late, TestkitEnvironment environment) throws IOException {
    this.late = late;
    this.folder = new ScratchFolder(environment);
  }

  /** Tries something; skips the test, visibly, where the context has no late memory. */
  static void use(String rule, DeviceRules subject, Body body) {
    DeviceBench.use(
        rule,
        subject,
        (bench, tried) -> {
          Optional<LateMemory> late = bench.context.lateMemory();
          Assumptions.assumeTrue(late.isPresent(), subject.device() + " has no late memory");
          try (LateMemoryBench memory =
              new LateMemoryBench(late.orElseThrow(), subject.environment())) {
            body.run(memory, tried);
          }
        });
  }

  /** What a test does. */
  @FunctionalInterface
  interface Body {
    void run(LateMemoryBench bench, Rule rule) throws Exception;
  }

  /** Writes a file. */
  Path file(byte[] bytes) throws IOException {
    return Files.write(folder.next(), bytes);
  }

  /** Maps a file so that what is written to the mapping reaches it, until this is closed. */
  MemorySegment map(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(MapMode.READ_WRITE, 0, channel.size(), arena);
    }
  }

  @Override
  public void close() throws IOException {
    arena.close();
    folder.close();
  }

  /** Memory of a load that counts, and can refuse. */
  static final class Promises implements LoadMemory {
    final AtomicInteger open = new AtomicInteger();
    final AtomicLong promised = new AtomicLong();
    final AtomicLong made = new AtomicLong();
    volatile boolean refusing;

    @Override
    public boolean fits() {
      return true;
    }

    @Override
    public Reservation reserve(long bytes) throws DeviceMemoryException {
      refuse(bytes);
      Promise promise = new Promise(PlannedMemory.unplanned().reserve(bytes));
      promised.addAndGet(bytes);
      open.incrementAndGet();
      return promise;
    }

    private void refuse(long bytes) throws DeviceMemoryException {
      if (refusing) {
        throw new DeviceMemoryException(
            Device.CPU, bytes, 0, "the testkit promises no memory", null);
      }
    }

    private final class Promise implements Reservation {
      private final Reservation right;
      private boolean closed;

      Promise(Reservation right) {
        this.right = right;
      }

      @Override
      public <T, X extends Throwable> T during(CallableOp<? extends T, X> work) throws X {
        return right.<T, X>during(work);
      }

      @Override
      public <T, X extends Throwable> T make(long bytes, CallableOp<? extends T, X> making)
          throws DeviceMemoryException, X {
        refuse(bytes);
        made.addAndGet(bytes);
        return right.<T, X>make(bytes, making);
      }

      @Override
      public synchronized void close() {
        if (!closed) {
          closed = true;
          open.decrementAndGet();
          right.close();
        }
      }
    }
  }
}
