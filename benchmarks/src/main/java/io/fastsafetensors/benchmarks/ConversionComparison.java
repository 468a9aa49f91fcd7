// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.DType;
import io.fastsafetensors.spi.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Times conversions of a large tensor on all cores, each in turn with a plain copy that reads and
 * writes as many bytes in all: {@code ConversionComparison [GIB] [ROUNDS]}.
 */
final class ConversionComparison {
  private static final int WARM_UP_ROUNDS = 3;
  private static final byte SMALL_NUMBER = 0x3c;

  /** A conversion. */
  private record Pair(DType from, DType to) {}

  private static final List<Pair> PAIRS =
      List.of(
          new Pair(DType.F32, DType.F16),
          new Pair(DType.BF16, DType.F32),
          new Pair(DType.F16, DType.F32),
          new Pair(DType.F32, DType.BF16),
          new Pair(DType.BF16, DType.F16),
          new Pair(DType.F8_E4M3, DType.BF16),
          new Pair(DType.F32, DType.F8_E4M3),
          new Pair(DType.I8, DType.F16));

  private final MemorySegment source;
  private final MemorySegment target;
  private final long bytes;
  private final int rounds;

  private ConversionComparison(Arena arena, long bytes, int rounds) {
    this.source = arena.allocate(2 * bytes).fill(SMALL_NUMBER);
    this.target = arena.allocate(2 * bytes).fill(SMALL_NUMBER);
    this.bytes = bytes;
    this.rounds = rounds;
  }

  /** Prints the table. */
  public static void main(String[] args) {
    long gib = args.length > 0 ? Long.parseLong(args[0]) : 1;
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 9;
    try (Arena arena = Arena.ofShared()) {
      System.out.printf(
          "%d GiB, %d rounds: GB/s read and written: conversion; copy; their ratio%n", gib, rounds);
      ConversionComparison comparison = new ConversionComparison(arena, gib << 30, rounds);
      PAIRS.forEach(comparison::run);
    }
  }

  private void run(Pair pair) {
    long elements = bytes / (pair.from().bits() / Byte.SIZE);
    long read = pair.from().byteSize(elements);
    long written = pair.to().byteSize(elements);
    List<Double> conversions = new ArrayList<>();
    List<Double> copies = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
      double conversion = speed(read + written, () -> convert(pair, read, written));
      double copy = speed(read + written, () -> copy((read + written) / 2));
      if (round >= 0) {
        conversions.add(conversion);
        copies.add(copy);
        ratios.add(conversion / copy);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "  %-20s %s;  %s;  %s%n",
        pair.from() + " to " + pair.to(),
        Spread.of(conversions),
        Spread.of(copies),
        Spread.of(ratios));
  }

  private void convert(Pair pair, long read, long written) {
    HostMemory.convert(source.asSlice(0, read), pair.from(), target.asSlice(0, written), pair.to());
  }

  /** Copies an equal share on each core, the quickest copy there is. */
  private void copy(long length) {
    int cores = Runtime.getRuntime().availableProcessors();
    long share = Math.ceilDiv(length, cores);
    IntStream.range(0, cores)
        .parallel()
        .mapToLong(core -> core * share)
        .forEach(start ->
            MemorySegment.copy(source, start, target, start, Math.min(share, length - start)));
  }

  private static double speed(long bytes, Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (double) bytes / (System.nanoTime() - start);
  }
}
