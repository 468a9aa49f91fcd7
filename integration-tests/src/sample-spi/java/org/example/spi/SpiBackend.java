// SPDX-License-Identifier: Apache-2.0
package org.example.spi;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.toolkit.plugin.Settings;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.List;

/** Reads files by range requests from a server that has them under the same paths. */
public final class SpiBackend implements IoBackend {
  static final String ID = "example-spi";
  private static final Option<String> SERVER =
      Option.text(ID + ".server").ofProcess().describedAs("http://HOST:PORT that has the files.");

  @Override
  public String id() {
    return ID;
  }

  @Override
  public int spiVersion() {
    return SPI_VERSION;
  }

  @Override
  public int priority() {
    return 30;
  }

  @Override
  public List<Option<?>> options() {
    return List.of(SERVER); // P-107
  }

  @Override
  public Availability probe(Device device) {
    String server = Settings.value(SERVER);
    if (!device.isCpu() || server.isEmpty()) {
      return Availability.unavailable(
          "want cpu, and -D" + SERVER.systemProperty() + "=http://HOST:PORT");
    }
    try (Socket socket = new Socket()) {
      URI uri = URI.create(server);
      socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), 2000);
      return Availability.available(server, Capability.COPIED);
    } catch (Exception e) { // P-103
      return Availability.unavailable(server + " does not answer: " + e, e);
    }
  }

  @Override
  public IoSession open(DeviceContext context, IoOptions options) {
    return new SpiSession(URI.create(Settings.value(SERVER)), context, options);
  }
}
