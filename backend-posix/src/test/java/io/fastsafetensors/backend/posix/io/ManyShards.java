// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.OpenCheckpoint;
import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Reads tensors of many files in random order by several threads, and prints how many. */
public final class ManyShards {
  static final int SHARDS = 1500;
  private static final int THREADS = 8;

  private ManyShards() {}

  static void write(Path path, int number) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      new SafetensorsWriter()
          .add(
              "t" + number,
              DType.I32,
              Shape.of(2),
              arena.allocateFrom(ValueLayout.JAVA_INT, number, -number))
          .write(path);
    }
  }

  /** Takes the folder. */
  public static void main(String[] args) throws Exception {
    AtomicInteger read = new AtomicInteger();
    try (OpenCheckpoint checkpoint = io.fastsafetensors.Checkpoint.find(Path.of(args[0])).open();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<?>> jobs = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        Random random = new Random(thread);
        jobs.add(
            threads.submit(() -> {
              try (Arena arena = Arena.ofConfined()) {
                MemorySegment target = arena.allocate(8);
                for (int i = 0; i < 2 * SHARDS / THREADS; i++) {
                  int number = random.nextInt(SHARDS);
                  checkpoint.read("t" + number, Part.whole(), target);
                  if (target.get(ValueLayout.JAVA_INT, 0) != number) {
                    throw new AssertionError("t" + number);
                  }
                  read.incrementAndGet();
                }
              }
              return null;
            }));
      }
      for (Future<?> job : jobs) {
        job.get();
      }
    }
    System.out.println("read " + read);
  }
}
