// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.testkit.LoopbackWorld;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/** Ranks that are threads, each with a simulated GPU: what went wrong in each is told. */
final class Ranks {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final int size;
  private final Duration timeout;
  private final IntFunction<Device> devices;

  private Ranks(int size, Duration timeout, IntFunction<Device> devices) {
    this.size = size;
    this.timeout = timeout;
    this.devices = devices;
  }

  /** Makes ranks with a GPU each. */
  static Ranks of(int size, Duration timeout) {
    return new Ranks(size, timeout, rank -> new Device("cuda", rank));
  }

  /** Makes ranks that all want the same device. */
  static Ranks sharing(Device device, int size, Duration timeout) {
    return new Ranks(size, timeout, rank -> device);
  }

  /** What a rank does in its group. */
  @FunctionalInterface
  interface Work {
    void run(Transport group, DeviceContext context, DeviceStream stream) throws Exception;
  }

  /** Runs all; returns what each threw, by rank, all of them in time. */
  List<Exception> failures(Work work) throws Exception {
    List<Exception> failures = new ArrayList<>();
    for (Future<?> rank : start(work)) {
      try {
        rank.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        throw new AssertionError("a rank did not fail");
      } catch (ExecutionException e) {
        assertThat(e.getCause()).isInstanceOf(Exception.class);
        failures.add((Exception) e.getCause());
      }
    }
    return failures;
  }

  /** Runs all, well. */
  void run(Work work) throws Exception {
    for (Future<?> rank : start(work)) {
      rank.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private List<Future<?>> start(Work work) throws IOException {
    LoopbackWorld world = new LoopbackWorld(new NcclCollective(), size, timeout, devices);
    List<Future<?>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newThreadPerTaskExecutor(Thread::new)) {
      for (int rank = 0; rank < size; rank++) {
        int own = rank;
        running.add(
            threads.submit(() -> {
              run(world, own, work);
              return true;
            }));
      }
    }
    return running;
  }

  private void run(LoopbackWorld world, int rank, Work work) throws Exception {
    Device device = devices.apply(rank);
    try (DeviceContext context = Runtimes.of(device).open(device)) {
      context.attach();
      try (DeviceStream stream = context.newStream();
          Transport group = world.join(rank)) {
        work.run(group, context, stream);
      }
    }
  }
}
