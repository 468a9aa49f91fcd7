// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.io.FileRead;
import io.fastsafetensors.toolkit.io.ReadTarget;
import java.util.List;
import java.util.Optional;

/** A mapping of the file, filled already where the page cache has it; the rest is to be read. */
abstract sealed class MappingTarget implements ReadTarget permits MappedTarget, MixedTarget {
  final FileMapping mapping;
  private final List<FileRead> reads;
  private final List<Brought> arrived;

  /** Makes a target whose missing parts are read in blocks of a size. */
  MappingTarget(FileMapping mapping, Residency residency, long blockBytes) {
    this.mapping = mapping;
    this.reads =
        residency.missing().stream()
            .flatMap(block -> block.blocks(blockBytes).stream())
            .map(FileRead::of)
            .toList();
    this.arrived = residency.resident();
  }

  @Override
  public final List<FileRead> reads() {
    return reads;
  }

  @Override
  public final List<Brought> arrived() {
    return arrived;
  }

  @Override
  public final Optional<Region> region(int range) {
    return Optional.of(mapping.region(mapping.plan().ranges().get(range)));
  }

  @Override
  public final List<DeviceBuffer> buffers() {
    return List.of(mapping.buffer());
  }

  @Override
  public final List<Region> regions() {
    return mapping.regions();
  }

  @Override
  public void release(boolean handedOut) {
    if (!handedOut) {
      mapping.buffer().close();
    }
  }
}
