// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.LoadListener;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.internal.registry.Registry;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.toolkit.group.Transports;
import java.time.Duration;
import java.util.Collections;
import java.util.List;

/** A loader's surroundings in tests: one ledger, a simulated device, two backends. */
final class Bench {
  private static final Duration TIMEOUT = Duration.ofMinutes(1);

  final Ledger ledger = new Ledger();
  final FakeRuntime runtime = new FakeRuntime(ledger);
  final FakeBackend first = new FakeBackend(ledger, "first", 9);
  final FakeBackend second = new FakeBackend(ledger, "second", 0);

  Registry registry() {
    return Registry.of(
        List.<DeviceRuntime>of(runtime).iterator(),
        List.<IoBackend>of(first, second).iterator(),
        Collections.emptyIterator());
  }

  Loader loader() {
    return loader(ProcessGroup.single());
  }

  Loader loader(Duration timeout) {
    return new DefaultLoader(registry(), FakeRuntime.DEVICE, Transports.single(), timeout);
  }

  Loader loader(ProcessGroup group) {
    return new DefaultLoader(registry(), FakeRuntime.DEVICE, Transports.of(group), TIMEOUT);
  }

  Loader loader(LoadListener listener) {
    return new DefaultLoader(
        registry(), FakeRuntime.DEVICE, Transports.single(), TIMEOUT, listener);
  }

  /** Makes a loader for real host memory. */
  Loader cpuLoader() {
    return new DefaultLoader(registry(), Device.CPU, Transports.single(), TIMEOUT);
  }
}
