// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.device;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.convert.Conversions;
import io.fastsafetensors.internal.parallel.RowCopies;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import java.lang.foreign.MemorySegment;

/** A stream over host memory: each operation is done when its call returns. */
final class HostStream implements DeviceStream {
  private final DeviceContext context;

  HostStream(DeviceContext context) {
    this.context = context;
  }

  @Override
  public DeviceContext context() {
    return context;
  }

  @Override
  public void copy(Region source, Region target) {
    StreamArguments.checkRows(source, target);
    show(
        source,
        from -> show(target, to -> copyRows(from, source.pitch(), to, target.pitch(), source)));
  }

  @Override
  public void copyFromHost(MemorySegment source, Region target) {
    StreamArguments.checkHost(source, target);
    show(target, to -> copyRows(source, target.rowBytes(), to, target.pitch(), target));
  }

  @Override
  public void copyToHost(Region source, MemorySegment target) {
    StreamArguments.checkHost(target, source);
    show(source, from -> copyRows(from, source.pitch(), target, source.rowBytes(), source));
  }

  private static void copyRows(
      MemorySegment source, long sourcePitch, MemorySegment target, long targetPitch, Region rows) {
    RowCopies.copyRows(source, sourcePitch, target, targetPitch, rows.rows(), rows.rowBytes());
  }

  @Override
  public void convert(Region source, DType from, Region target, DType to) {
    requireContiguous(source);
    requireContiguous(target);
    show(
        source,
        elements ->
            show(
                target,
                space ->
                    Conversions.convert(
                        elements.asSlice(0, source.bytes()),
                        from,
                        space.asSlice(0, target.bytes()),
                        to)));
  }

  private static void requireContiguous(Region region) {
    if (!region.isContiguous()) {
      throw new IllegalArgumentException("not contiguous: " + region);
    }
  }

  @Override
  public StreamMark record() {
    return StreamMark.done();
  }

  @Override
  public long handle() {
    return 0;
  }

  @Override
  public void close() {}

  private static void show(Region region, HostMemory.Viewer<RuntimeException> viewer) {
    if (!HostMemory.show(region.buffer(), memory -> viewer.see(memory.asSlice(region.offset())))) {
      throw new IllegalArgumentException("not host memory: " + region);
    }
  }
}
