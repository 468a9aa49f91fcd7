// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** How long it takes to read and check a header; with {@code -prof gc} also what it allocates. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class HeaderBenchmark {
  /** How many tensors the header has. */
  @Param({"1000", "100000"})
  int tensors;

  private Path file = Path.of("");

  /** Makes the benchmark. */
  public HeaderBenchmark() {}

  /** Writes the file. */
  @Setup
  public void write() throws IOException {
    file = Files.createTempFile("header", ".safetensors");
    SafetensorsWriter writer = new SafetensorsWriter();
    for (int i = 0; i < tensors; i++) {
      MemorySegment bytes = MemorySegment.ofArray(new byte[32]);
      writer.add("model.layers." + i + ".weight", DType.F16, Shape.of(4, 4), bytes);
    }
    writer.write(file);
  }

  /** Deletes the file. */
  @TearDown
  public void delete() throws IOException {
    Files.delete(file);
  }

  /** Reads the header. */
  @Benchmark
  public SafetensorsHeader read() throws IOException {
    return SafetensorsHeader.read(file);
  }
}
