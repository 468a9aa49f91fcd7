// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.IoBackend;
import java.util.stream.Stream;

/** Backends that are no proper providers. */
final class WrongProviders {
  private WrongProviders() {}

  static Stream<Wrong<IoBackend>> backends() {
    return Stream.of(
        new Wrong<>("P-101", "counts its probes", new Counting()),
        new Wrong<>(
            "P-102",
            "has an id in upper case",
            new ForwardingBackend() {
              @Override
              public String id() {
                return "SIM_Backend";
              }
            }),
        new Wrong<>(
            "P-103",
            "is unavailable without a reason",
            new ForwardingBackend() {
              @Override
              public Availability probe(Device device) {
                return Availability.unavailable(" ");
              }
            }),
        new Wrong<>(
            "P-103",
            "throws when it is probed",
            new ForwardingBackend() {
              @Override
              public Availability probe(Device device) {
                throw new UnsatisfiedLinkError("no libwrong.so");
              }
            }),
        new Wrong<>(
            "P-104",
            "was built for another version",
            new ForwardingBackend() {
              @Override
              public int spiVersion() {
                return SPI_VERSION + 1;
              }
            }),
        new Wrong<>("P-105", "is not listed", new UnlistedBackend()),
        new Wrong<>(
            "P-106",
            "changes its priority",
            new ForwardingBackend() {
              @Override
              public int priority() {
                return (int) System.nanoTime();
              }
            }));
  }

  /** A provider with state. */
  private static final class Counting extends ForwardingBackend {
    private int probes;

    @Override
    public Availability probe(Device device) {
      probes++;
      return Availability.available("probe " + probes, Capability.COPIED);
    }
  }
}
