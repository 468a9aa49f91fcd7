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
    copyRows(memory(source), source.pitch(), memory(target), target.pitch(), source);
  }

  @Override
  public void copyFromHost(MemorySegment source, Region target) {
    StreamArguments.checkHost(source, target);
    copyRows(source, target.rowBytes(), memory(target), target.pitch(), target);
  }

  @Override
  public void copyToHost(Region source, MemorySegment target) {
    StreamArguments.checkHost(target, source);
    copyRows(memory(source), source.pitch(), target, source.rowBytes(), source);
  }

  private static void copyRows(
      MemorySegment source, long sourcePitch, MemorySegment target, long targetPitch, Region rows) {
    RowCopies.copyRows(source, sourcePitch, target, targetPitch, rows.rows(), rows.rowBytes());
  }

  @Override
  public void convert(Region source, DType from, Region target, DType to) {
    Conversions.convert(contiguous(source), from, contiguous(target), to);
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

  private static MemorySegment contiguous(Region region) {
    if (!region.isContiguous()) {
      throw new IllegalArgumentException("not contiguous: " + region);
    }
    return memory(region).asSlice(0, region.bytes());
  }

  private static MemorySegment memory(Region region) {
    return region
        .buffer()
        .host()
        .orElseThrow(() -> new IllegalArgumentException("not host memory: " + region))
        .asSlice(region.offset());
  }
}
