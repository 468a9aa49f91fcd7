// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.benchmarks.Results.Spread;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Times conversions of a large tensor on all cores, each in turn with a plain copy that reads and
 * writes as many bytes in all: {@code ConversionComparison [GIB] [ROUNDS]}.
 */
@Command(name = "convert", mixinStandardHelpOptions = true, showDefaultValues = true)
final class ConversionComparison implements Runnable {
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

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "GIB", defaultValue = "1", arity = "0..1")
  private int gib;

  @Parameters(index = "1", paramLabel = "ROUNDS", defaultValue = "9", arity = "0..1")
  private int rounds;

  private MemorySegment source = MemorySegment.NULL;
  private MemorySegment target = MemorySegment.NULL;

  /** Runs the command. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new ConversionComparison()).execute(args));
  }

  /** Prints the table. */
  @Override
  public void run() {
    try (Arena arena = Arena.ofShared()) {
      source = arena.allocate(2 * bytes()).fill(SMALL_NUMBER);
      target = arena.allocate(2 * bytes()).fill(SMALL_NUMBER);
      out()
          .printf(
              "%s GiB, %s rounds: GB/s read and written: conversion; copy; their ratio%n",
              gib, rounds);
      PAIRS.forEach(this::run);
    }
  }

  private long bytes() {
    return (long) gib << 30;
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private void run(Pair pair) {
    long elements = bytes() / (pair.from().bits() / Byte.SIZE);
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
    out()
        .printf(
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
