// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.TransferPath;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** Counts bytes by the way that they took. Thread-safe. */
final class WayCounts {
  private final Map<TransferPath, LongAdder> bytes = new EnumMap<>(TransferPath.class);

  WayCounts() {
    for (TransferPath way : TransferPath.values()) {
      bytes.put(way, new LongAdder());
    }
  }

  void add(TransferPath way, long count) {
    Objects.requireNonNull(bytes.get(way)).add(count);
  }

  /** Returns the ways that were taken. */
  Map<TransferPath, Long> taken() {
    Map<TransferPath, Long> taken = new EnumMap<>(TransferPath.class);
    bytes.forEach((way, count) -> {
      if (count.sum() > 0) {
        taken.put(way, count.sum());
      }
    });
    return taken;
  }
}
