// SPDX-License-Identifier: Apache-2.0
package org.example.http;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;

/** A server that has files under their paths. */
final class Server implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final HttpClient client = HttpClient.newHttpClient();
  private final URI address;

  Server(URI address) {
    this.address = address;
  }

  /** What a server says of a file: another tag is another version. */
  record Facts(long size, String tag) {}

  Facts facts(Path file) throws IOException {
    HttpRequest.Builder head = request(file).method("HEAD", HttpRequest.BodyPublishers.noBody());
    HttpResponse<Void> answer = send(file, head, BodyHandlers.discarding(), 200);
    long size = answer.headers().firstValueAsLong("Content-Length").orElse(-1);
    return new Facts(size, answer.headers().firstValue("ETag").orElse(""));
  }

  /** Gets bytes of a file that has the size; one that has another by now is an error. */
  byte[] get(Path file, long from, long bytes, long size) throws IOException {
    String range = from + "-" + (from + bytes - 1);
    HttpRequest.Builder request = request(file).header("Range", "bytes=" + range);
    HttpResponse<byte[]> answer = send(file, request, BodyHandlers.ofByteArray(), 206);
    String got = answer.headers().firstValue("Content-Range").orElse("no range");
    String wanted = "bytes " + range + "/" + size;
    if (!got.equals(wanted) || answer.body().length != bytes) {
      throw new IOException("got " + got + ", want " + wanted);
    }
    return answer.body();
  }

  private HttpRequest.Builder request(Path file) {
    return HttpRequest.newBuilder(address.resolve(file.toUri().getRawPath())).timeout(PATIENCE);
  }

  private <T> HttpResponse<T> send(
      Path file, HttpRequest.Builder request, BodyHandler<T> body, int wanted) throws IOException {
    try {
      HttpResponse<T> answer = client.send(request.build(), body);
      if (answer.statusCode() == 404) {
        throw new NoSuchFileException(file.toString(), null, address + " has no such file");
      }
      if (answer.statusCode() != wanted) {
        throw new IOException(address + " answered " + answer.statusCode());
      }
      return answer;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  @Override
  public void close() {
    client.close();
  }

  @Override
  public String toString() {
    return address.toString();
  }
}
