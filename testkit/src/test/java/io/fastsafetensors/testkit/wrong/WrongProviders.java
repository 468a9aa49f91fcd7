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
        new Wrong<>("P-102", "has an id in upper case", new Shouting()),
        new Wrong<>("P-102", "has an id with two dashes", new Dashing()),
        new Wrong<>("P-103", "is unavailable without a reason", new Silent()),
        new Wrong<>("P-103", "throws when it is probed", new Throwing()),
        new Wrong<>("P-103", "throws for devices that it does not know", new Narrow()),
        new Wrong<>("P-104", "was built for another version", new Newer()),
        new Wrong<>("P-105", "is not listed", new UnlistedBackend()),
        new Wrong<>("P-106", "changes its priority", new Moody()));
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

  private static final class Shouting extends ForwardingBackend {
    @Override
    public String id() {
      return "SIM_Backend";
    }
  }

  private static final class Dashing extends ForwardingBackend {
    @Override
    public String id() {
      return "sim--backend";
    }
  }

  private static final class Narrow extends ForwardingBackend {
    @Override
    public Availability probe(Device device) {
      if (device.type().equals("nosuch")) {
        throw new IllegalArgumentException(device + ": no such device");
      }
      return super.probe(device);
    }
  }

  private static final class Silent extends ForwardingBackend {
    @Override
    public Availability probe(Device device) {
      return Availability.unavailable(" ");
    }
  }

  private static final class Throwing extends ForwardingBackend {
    @Override
    public Availability probe(Device device) {
      throw new UnsatisfiedLinkError("no libwrong.so");
    }
  }

  private static final class Newer extends ForwardingBackend {
    @Override
    public int spiVersion() {
      return SPI_VERSION + 1;
    }
  }

  private static final class Moody extends ForwardingBackend {
    @Override
    public int priority() {
      return (int) System.nanoTime();
    }
  }
}
