// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.CudaRuntime;
import io.fastsafetensors.device.cuda.simulated.DriverChecks;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every conversion of the device against the host's, bit by bit. On the simulated driver C code of
 * the kernels' names runs, not their PTX: only a real driver proves that.
 */
@ExtendWith(DriverChecks.class)
class ConversionTests {
  private static final Device CUDA = new Device("cuda", 0);
  private static final DType[] ALL = DType.values();

  @ParameterizedTest
  @EnumSource
  void everyTargetIsTheHosts(DType from) throws LoadException {
    byte[] elements = EdgeCases.of(from);
    for (DType to : ALL) {
      if (HostMemory.canConvert(from, to)) {
        compare(from, to, elements, 0);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void elementsAtAnyByteAreConvertedToo(DType from) throws LoadException {
    byte[] elements = EdgeCases.of(from);
    for (DType to : ALL) {
      if (HostMemory.canConvert(from, to)) {
        compare(from, to, elements, 1);
      }
    }
  }

  @Test
  void moreElementsThanThreadsAreAllConverted() throws LoadException {
    byte[] few = EdgeCases.of(DType.BF16);
    byte[] many = new byte[40 * few.length + 2];
    for (int i = 0; i < 40; i++) {
      System.arraycopy(few, 0, many, i * few.length, few.length);
    }
    compare(DType.BF16, DType.F32, many, 0);
  }

  private static void compare(DType from, DType to, byte[] elements, long shift)
      throws LoadException {
    long count = elements.length * 8L / from.bits();
    byte[] wanted = new byte[Math.toIntExact(to.byteSize(count))];
    HostMemory.convert(MemorySegment.ofArray(elements), from, MemorySegment.ofArray(wanted), to);
    byte[] found = convert(from, to, elements, wanted.length, shift);
    int wrong = Arrays.mismatch(wanted, found);
    assertThat(wrong)
        .as(() -> "%s to %s: %s".formatted(from, to, difference(from, to, elements, wanted, found)))
        .isNegative();
  }

  private static String difference(
      DType from, DType to, byte[] elements, byte[] wanted, byte[] found) {
    int element = Arrays.mismatch(wanted, found) * 8 / to.bits();
    return "element %d, 0x%x, is 0x%x, want 0x%x"
        .formatted(
            element,
            EdgeCases.bits(elements, element, from),
            EdgeCases.bits(found, element, to),
            EdgeCases.bits(wanted, element, to));
  }

  private static byte[] convert(DType from, DType to, byte[] elements, int bytes, long shift)
      throws LoadException {
    try (DeviceContext context = new CudaRuntime().open(CUDA);
        Arena arena = Arena.ofShared()) {
      context.attach();
      try (DeviceBuffer source = context.allocate(elements.length + shift, 256);
          DeviceBuffer target = context.allocate(bytes + shift, 256);
          DeviceStream stream = context.newStream()) {
        Region read = Region.of(source, shift, elements.length);
        Region written = Region.of(target, shift, bytes);
        MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_BYTE, elements);
        MemorySegment result = arena.allocate(bytes);
        stream.copyFromHost(host, read);
        stream.convert(read, from, written, to);
        stream.copyToHost(written, result);
        stream.record().await(Deadline.after(Duration.ofMinutes(1)));
        return result.toArray(ValueLayout.JAVA_BYTE);
      }
    }
  }
}
