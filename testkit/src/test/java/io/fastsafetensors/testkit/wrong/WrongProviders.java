// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.IoBackend;
import java.util.List;
import java.util.stream.Stream;

/** Backends that are no proper providers. */
final class WrongProviders {
  private WrongProviders() {}

  static Stream<Wrong<IoBackend>> backends() {
    return Stream.of(
        new Wrong<>("P-101", "counts its probes", new Counting()),
        new Wrong<>("P-102", "has an id in upper case", new Called("SIM_Backend")),
        new Wrong<>("P-102", "has an id with two dashes", new Called("sim--backend")),
        new Wrong<>("P-102", "has a word of settings as its id", new Called("load")),
        new Wrong<>("P-102", "has an id that begins with such a word", new Called("group-sim")),
        new Wrong<>("P-103", "is unavailable without a reason", new Silent()),
        new Wrong<>("P-103", "throws when it is probed", new Throwing()),
        new Wrong<>("P-103", "throws for devices that it does not know", new Narrow()),
        new Wrong<>("P-104", "was built for another version", new Newer()),
        new Wrong<>("P-105", "is not listed", new UnlistedBackend()),
        new Wrong<>("P-106", "changes its priority", new Moody()),
        new Wrong<>("P-107", "has an option of another plug-in", new Having("posix.drop-cache")),
        new Wrong<>("P-107", "has an option whose name is malformed", new Having("sim.Drop_Cache")),
        new Wrong<>("P-107", "has an option twice", new Having("sim.depth", "sim.depth")),
        new Wrong<>("P-107", "has an option without a default", new Undecided()));
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

  /** A provider with options. */
  private static final class Having extends ForwardingBackend {
    private final List<String> names;

    Having(String... names) {
      this.names = List.of(names);
    }

    @Override
    public List<Option<?>> options() {
      return names.stream()
          .<Option<?>>map(name -> Option.flag(name).describedAs("Drops."))
          .toList();
    }
  }

  private static final class Undecided extends ForwardingBackend {
    @Override
    public List<Option<?>> options() {
      return List.of(Option.of("sim.depth", "a number", Integer::valueOf).describedAs("Depth."));
    }
  }

  private static final class Called extends ForwardingBackend {
    private final String id;

    Called(String id) {
      this.id = id;
    }

    @Override
    public String id() {
      return id;
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
