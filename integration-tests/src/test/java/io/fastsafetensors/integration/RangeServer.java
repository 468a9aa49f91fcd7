// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A real HTTP server on the loopback interface, which has this host's files under their paths. */
final class RangeServer implements AutoCloseable {
  private static final Pattern RANGE = Pattern.compile("bytes=([0-9]+)-([0-9]+)");

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;
  private final AtomicInteger requests = new AtomicInteger();

  RangeServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  /** Returns the option of the JVM that tells the sample where this server is. */
  String option() {
    return "-Dio.fastsafetensors.example-http.server=http://%s:%d"
        .formatted(server.getAddress().getHostString(), server.getAddress().getPort());
  }

  /** Counts what was asked for so far. */
  int requests() {
    return requests.get();
  }

  private void answer(HttpExchange exchange) throws IOException {
    requests.incrementAndGet();
    try (exchange) {
      Path file = Path.of(exchange.getRequestURI().getPath());
      String asked = String.valueOf(exchange.getRequestHeaders().getFirst("Range"));
      Matcher range = RANGE.matcher(asked);
      if (!Files.isRegularFile(file) || !range.matches()) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      long first = Long.parseLong(range.group(1));
      long last = Long.parseLong(range.group(2));
      byte[] bytes = read(file, first, Math.toIntExact(last - first + 1));
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + first + "-" + last + "/" + Files.size(file));
      exchange.sendResponseHeaders(206, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private static byte[] read(Path file, long offset, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    try (FileChannel channel = FileChannel.open(file)) {
      while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {
        // go on: a read may be short
      }
    }
    return buffer.array();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.close();
  }
}
