// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.benchmarks.OpenWant.Call;
import io.fastsafetensors.format.SafetensorsHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Reads what is wanted of an open file, by several threads, into memory that is there. */
abstract class OpenRun<T> implements RankWay.Run {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final List<T> tasks;
  private final int threads;
  private final ExecutorService pool;

  /**
   * Gets the memory.
   *
   * @param calls what is wanted
   * @param tasks what a thread does at a time
   * @param threads how many
   */
  OpenRun(List<Call> calls, List<T> tasks, int threads) {
    this.tasks = tasks;
    this.threads = threads;
    memory = BareMemory.allocate(arena, PartsWant.end(calls.getLast().pieces()));
    pool = Executors.newFixedThreadPool(threads);
  }

  /** Returns the header of the only file of a folder. */
  static SafetensorsHeader header(Path folder) throws IOException {
    return SafetensorsHeader.read(HostState.files(folder).getFirst());
  }

  /** Reads into the memory of all. */
  abstract void read(T task, MemorySegment memory) throws IOException;

  @Override
  public List<MemorySegment> get() throws Exception {
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      running.add(
          pool.submit(() -> {
            for (int at = next.getAndIncrement(); at < tasks.size(); at = next.getAndIncrement()) {
              read(tasks.get(at), memory);
            }
            return null;
          }));
    }
    for (Future<?> thread : running) {
      thread.get();
    }
    return List.of(memory);
  }

  @Override
  public void close() {
    pool.close();
    arena.close();
  }
}
