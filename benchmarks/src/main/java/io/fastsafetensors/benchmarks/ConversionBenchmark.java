// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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

/** How long the elements of a tensor take to convert, on the calling thread if they are few. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class ConversionBenchmark {
  /** The type before. */
  @Param({"F32", "F16", "BF16", "F8_E4M3", "F64", "I64"})
  DType from = DType.F32;

  /** The type after. */
  @Param({"F32", "F16", "BF16", "F8_E4M3", "I8"})
  DType to = DType.F16;

  /** How many elements. */
  @Param({"65536", "67108864"})
  long elements;

  private Arena arena = Arena.ofShared();
  private MemorySegment source = MemorySegment.NULL;
  private MemorySegment target = MemorySegment.NULL;

  /** Makes the benchmark. */
  public ConversionBenchmark() {}

  /** Allocates the tensors. */
  @Setup
  public void allocate() {
    source = arena.allocate(from.byteSize(elements)).fill((byte) 0x3c);
    target = arena.allocate(to.byteSize(elements)).fill((byte) 0x3c);
  }

  /** Frees the tensors. */
  @TearDown
  public void free() {
    arena.close();
  }

  /** Converts; a type to itself is a plain copy. */
  @Benchmark
  public void convert() {
    HostMemory.convert(source, from, target, to);
  }
}
