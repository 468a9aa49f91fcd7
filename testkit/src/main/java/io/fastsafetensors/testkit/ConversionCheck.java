// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.lang.foreign.MemorySegment;

/** Conversions on a device, against those of the host. */
final class ConversionCheck {
  private static final int ELEMENTS = 1000;

  private ConversionCheck() {}

  static void compare(DeviceBench bench, Rule rule, DType from, DType to) throws LoadException {
    rule.check(
        HostMemory.canConvert(from, to), "claims " + from + " to " + to + ", which is not defined");
    byte[] elements = elements(from);
    MemorySegment wanted = bench.host(to.byteSize(ELEMENTS));
    HostMemory.convert(bench.host(elements), from, wanted, to);
    try (DeviceBuffer source = bench.buffer(elements.length);
        DeviceBuffer target = bench.buffer(wanted.byteSize())) {
      bench.stream.copyFromHost(bench.host(elements), Region.of(source));
      bench.stream.convert(Region.of(source), from, Region.of(target), to);
      DeviceBench.same(
          rule, DeviceBench.bytes(wanted), bench.read(Region.of(target)), from + " to " + to);
    }
  }

  private static byte[] elements(DType type) {
    byte[] bytes = DeviceBench.pattern(type.bits(), type.byteSize(ELEMENTS));
    if (type == DType.BOOL) {
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] &= 1;
      }
    }
    return bytes;
  }

  static void isRefused(DeviceBench bench, Rule rule, DType from, DType to) throws LoadException {
    try (DeviceBuffer source = bench.buffer(from.byteSize(ELEMENTS));
        DeviceBuffer target = bench.buffer(to.byteSize(ELEMENTS))) {
      rule.refuses(
          IllegalArgumentException.class,
          "convert() from " + from + " to " + to + ", which canConvert() denies,",
          () -> bench.stream.convert(Region.of(source), from, Region.of(target), to));
    }
  }
}
