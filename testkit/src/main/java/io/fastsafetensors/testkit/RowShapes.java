// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.MemorySegment;

/** Copies of rows whose pitches differ, against the same copies in arrays. */
final class RowShapes {
  private static final int BYTES = 5000;
  private static final int ROWS = 37;
  private static final int ROW_BYTES = 61;

  private RowShapes() {}

  private static Region sparse(DeviceBuffer buffer) {
    return new Region(buffer, 13, ROWS, ROW_BYTES, 100);
  }

  private static Region dense(DeviceBuffer buffer) {
    return new Region(buffer, 7, ROWS, ROW_BYTES, ROW_BYTES);
  }

  static void copyOnDevice(DeviceBench bench, Rule rule) throws LoadException {
    try (DeviceBuffer source = bench.filled(BYTES, 1);
        DeviceBuffer target = bench.filled(BYTES, 2);
        DeviceBuffer other = bench.filled(BYTES, 3)) {
      bench.stream.copy(sparse(source), dense(target));
      byte[] wanted = DeviceBench.pattern(2, BYTES);
      rows(DeviceBench.pattern(1, BYTES), 13, 100, wanted, 7, ROW_BYTES);
      DeviceBench.same(rule, wanted, bench.read(Region.of(target)), "gathered rows");
      bench.stream.copy(dense(target), sparse(other));
      byte[] scattered = DeviceBench.pattern(3, BYTES);
      rows(wanted, 7, ROW_BYTES, scattered, 13, 100);
      DeviceBench.same(rule, scattered, bench.read(Region.of(other)), "scattered rows");
    }
  }

  static void copyFromHost(DeviceBench bench, Rule rule) throws LoadException {
    byte[] source = DeviceBench.pattern(4, ROWS * ROW_BYTES);
    try (DeviceBuffer target = bench.filled(BYTES, 5)) {
      bench.stream.copyFromHost(bench.host(source), sparse(target));
      byte[] wanted = DeviceBench.pattern(5, BYTES);
      rows(source, 0, ROW_BYTES, wanted, 13, 100);
      DeviceBench.same(rule, wanted, bench.read(Region.of(target)), "rows from the host");
    }
  }

  static void copyToHost(DeviceBench bench, Rule rule) throws LoadException {
    try (DeviceBuffer source = bench.filled(BYTES, 6)) {
      MemorySegment target = bench.host((long) ROWS * ROW_BYTES);
      bench.stream.copyToHost(sparse(source), target);
      bench.settle();
      byte[] wanted = new byte[ROWS * ROW_BYTES];
      rows(DeviceBench.pattern(6, BYTES), 13, 100, wanted, 0, ROW_BYTES);
      DeviceBench.same(rule, wanted, DeviceBench.bytes(target), "rows to the host");
    }
  }

  private static void rows(
      byte[] source, int from, int sourcePitch, byte[] target, int to, int targetPitch) {
    for (int row = 0; row < ROWS; row++) {
      System.arraycopy(source, from + row * sourcePitch, target, to + row * targetPitch, ROW_BYTES);
    }
  }
}
