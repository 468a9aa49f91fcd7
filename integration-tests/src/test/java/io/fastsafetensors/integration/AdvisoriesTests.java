// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code scripts/check-dependencies} says of vulnerabilities, asked of a simulated database.
 */
@Tag("slow")
class AdvisoriesTests {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  @TempDir private static Path classes;
  @TempDir private Path folder;
  private final List<String> queries = Collections.synchronizedList(new ArrayList<>());
  private HttpServer server;
  private int status = 200;

  @BeforeAll
  static void compile() throws IOException {
    Javac.compile(classes, List.of(ROOT.resolve("scripts/Advisories.java")));
  }

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/querybatch", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String query = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    queries.add(query);
    String found =
        query.contains("/picocli@")
            ? "{\"vulns\":[{\"id\":\"GHSA-a\",\"modified\":\"1\"},{\"id\":\"CVE-b\"}]}"
            : "{}";
    byte[] bytes = ("{\"results\":[" + found + "]}").getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Test
  void eachOfWhatShipsIsAskedForAndWhatIsKnownIsAnError() throws Exception {
    Jvm asked = ask("http://127.0.0.1:" + server.getAddress().getPort());
    assertThat(queries)
        .hasSizeGreaterThan(15)
        .anyMatch(query -> query.contains("pkg:maven/com.fasterxml.jackson.core/jackson-core@2."));
    assertThat(asked.output())
        .contains("info.picocli:picocli", ": GHSA-a, https://", ": CVE-b, https://")
        .endsWith("vulnerabilities: 2 known, of " + queries.size() + " artifacts\n");
    assertThat(asked.exit()).isEqualTo(1);
  }

  @Test
  void aDatabaseThatDoesNotAnswerIsNoGoodNews() throws Exception {
    status = 503;
    Jvm refused = ask("http://127.0.0.1:" + server.getAddress().getPort());
    assertThat(refused.output()).startsWith("vulnerabilities: unknown, ").hasLineCount(1);
    assertThat(refused.exit()).isEqualTo(2);
    stop();
    Jvm nobody = ask("http://127.0.0.1:" + server.getAddress().getPort());
    assertThat(nobody.output()).startsWith("vulnerabilities: unknown, ").hasLineCount(1);
    assertThat(nobody.exit()).isEqualTo(2);
  }

  private Jvm ask(String database) throws Exception {
    String shipped = ROOT.resolve("THIRD-PARTY.md").toString();
    return Jvm.run(folder, List.of("-cp", classes.toString(), "Advisories", database, shipped));
  }
}
