// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.FileReport;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.Region;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/** A file of this rank in device memory. */
final class LoadedFile {
  /**
   * Where a tensor is.
   *
   * @param memory the memory
   * @param region the tensor's bytes in it
   */
  record Place(Memory memory, Region region) {}

  private final Map<String, Place> places;
  private final FileReport report;
  private final Queue<Memory> held;

  LoadedFile(Collection<Memory> memories, Map<String, Place> places, FileReport report) {
    this.held = new ArrayDeque<>(memories);
    this.places = places;
    this.report = report;
  }

  /** Takes over what a backend loaded; the names are in the order of the ranges. */
  static LoadedFile of(
      SharedContext context, List<String> names, LoadedRanges loaded, FileReport report) {
    IdentityHashMap<DeviceBuffer, Memory> memories = new IdentityHashMap<>();
    for (DeviceBuffer buffer : loaded.buffers()) {
      memories.put(buffer, new Memory(context, buffer));
    }
    Map<String, Place> places = HashMap.newHashMap(names.size());
    for (int i = 0; i < names.size(); i++) {
      Region region = loaded.regions().get(i);
      Memory memory = memories.get(region.buffer());
      if (memory == null) {
        throw new IllegalStateException(
            "backend " + report.backend() + " returned a region outside its buffers");
      }
      places.put(names.get(i), new Place(memory, region));
    }
    return new LoadedFile(memories.values(), places, report);
  }

  Map<String, Place> places() {
    return places;
  }

  FileReport report() {
    return report;
  }

  /**
   * Ends all views and lets go of the memory; a second call goes on where the first failed.
   *
   * @throws IllegalStateException if an I/O operation of the JDK is using the memory
   */
  synchronized void release() {
    held.forEach(Memory::endViews);
    while (!held.isEmpty()) {
      held.element().release();
      held.remove();
    }
  }
}
