// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A real HTTP server on the loopback interface, which has this host's files under their paths. */
final class RangeServer implements AutoCloseable {
  private static final Pattern RANGE = Pattern.compile("bytes=([0-9]+)-([0-9]+)");

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;
  private final Map<Path, Path> mounts = new ConcurrentHashMap<>();
  private final AtomicInteger requests = new AtomicInteger();

  RangeServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  /** Returns the option of the JVM that tells the sample where this server is. */
  String option() {
    return option("example-http");
  }

  /** Returns the same for another sample. */
  String option(String id) {
    return "-Dio.fastsafetensors.%s.server=http://%s:%d"
        .formatted(id, server.getAddress().getHostString(), server.getAddress().getPort());
  }

  /** Has a folder's files under the paths of another one, which needn't be there. */
  void mount(Path real, Path shown) {
    mounts.put(shown, real);
  }

  private Path real(Path asked) {
    for (Map.Entry<Path, Path> mount : mounts.entrySet()) {
      if (asked.startsWith(mount.getKey())) {
        return mount.getValue().resolve(mount.getKey().relativize(asked).toString());
      }
    }
    return asked;
  }

  /** Counts what was asked for so far. */
  int requests() {
    return requests.get();
  }

  private void answer(HttpExchange exchange) throws IOException {
    requests.incrementAndGet();
    try (exchange) {
      Path file = real(Path.of(exchange.getRequestURI().getPath()));
      if (exchange.getRequestMethod().equals("HEAD") && Files.isRegularFile(file)) {
        Headers headers = exchange.getResponseHeaders();
        headers.set("Content-Length", String.valueOf(Files.size(file)));
        headers.set("ETag", "\"" + Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS) + "\"");
        exchange.sendResponseHeaders(200, -1);
        return;
      }
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
