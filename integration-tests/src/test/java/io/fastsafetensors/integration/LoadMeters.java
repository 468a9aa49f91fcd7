// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.LoadListener;
import io.fastsafetensors.TransferPath;
import io.micrometer.core.instrument.MeterRegistry;

/** Counts loads, and what they do, by Micrometer. */
final class LoadMeters implements LoadListener {
  private final MeterRegistry registry;

  LoadMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  @Override
  public void onEvent(LoadEvent event) {
    switch (event.kind()) {
      case BEGUN -> registry.counter("fst.loads.begun").increment();
      case ENDED -> {
        String outcome = event.failure().isPresent() ? "failed" : "succeeded";
        registry.timer("fst.loads", "outcome", outcome).record(event.elapsed());
      }
      default -> {
        String kind = event.kind().toString();
        String path = event.path().map(TransferPath::toString).orElse("none");
        registry.timer("fst.work", "kind", kind, "path", path).record(event.busy());
        registry.counter("fst.bytes", "kind", kind, "path", path).increment((double) event.bytes());
      }
    }
  }
}
