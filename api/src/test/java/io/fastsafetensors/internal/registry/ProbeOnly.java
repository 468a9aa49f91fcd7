// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import java.util.function.Supplier;

/** A backend for tests of the selection: answers a probe, counts the probes, opens nothing. */
final class ProbeOnly implements IoBackend {
  private final String id;
  private final int priority;
  private final int spiVersion;
  private final Supplier<Availability> answer;
  private int probes;

  private ProbeOnly(String id, int priority, int spiVersion, Supplier<Availability> answer) {
    this.id = id;
    this.priority = priority;
    this.spiVersion = spiVersion;
    this.answer = answer;
  }

  static ProbeOnly available(String id, int priority) {
    return answering(id, priority, () -> Availability.available("works"));
  }

  static ProbeOnly unavailable(String id, int priority, String reason) {
    return answering(id, priority, () -> Availability.unavailable(reason));
  }

  static ProbeOnly answering(String id, int priority, Supplier<Availability> answer) {
    return new ProbeOnly(id, priority, SPI_VERSION, answer);
  }

  static ProbeOnly ofVersion(String id, int spiVersion) {
    return new ProbeOnly(id, 0, spiVersion, () -> Availability.available(""));
  }

  int probes() {
    return probes;
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public int spiVersion() {
    return spiVersion;
  }

  @Override
  public int priority() {
    return priority;
  }

  @Override
  public Availability probe(Device device) {
    probes++;
    return answer.get();
  }

  @Override
  public IoSession open(DeviceContext context, IoOptions options) {
    throw new UnsupportedOperationException();
  }

  @Override
  public String toString() {
    return id;
  }
}
