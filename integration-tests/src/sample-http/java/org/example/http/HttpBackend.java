// SPDX-License-Identifier: Apache-2.0
package org.example.http;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.toolkit.io.LocalFiles;
import io.fastsafetensors.toolkit.plugin.Settings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.List;

/** Reads files of a server, header and all, into any device. The files needn't be here. */
public final class HttpBackend implements IoBackend {
  static final String ID = "example-http";
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
    if (server.isEmpty()) {
      return Availability.unavailable("want -D" + SERVER.systemProperty() + "=http://HOST:PORT");
    }
    try (Socket socket = new Socket()) {
      URI uri = URI.create(server);
      socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), 2000);
      return Availability.available(server, Capability.COPIED);
    } catch (Exception e) { // P-103
      return Availability.unavailable(server + " does not answer: " + e, e);
    }
  }

  private static Server server() {
    return new Server(URI.create(Settings.value(SERVER)));
  }

  /** The header comes from the server, too (IO-125). */
  @Override
  public SeekableByteChannel channel(Path file) throws IOException {
    LocalFiles.check(ID, file); // IO-109: a file in an archive has no address
    return HttpFile.channel(server(), file);
  }

  @Override
  public IoSession open(DeviceContext context, IoOptions options) {
    return new HttpSession(server(), context, options);
  }
}
