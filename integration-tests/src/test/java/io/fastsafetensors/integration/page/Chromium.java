// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.page;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A browser without a window, driven by its DevTools protocol. */
final class Chromium implements AutoCloseable {
  private static final long LIMIT_SECONDS = 60;
  private static final Pattern LISTENING = Pattern.compile("DevTools listening on ws://([^/]+)/");
  private static final Pattern SOCKET = Pattern.compile("\"webSocketDebuggerUrl\": \"([^\"]+)\"");
  private static final Pattern ANSWER = Pattern.compile("^\\{\"id\":(\\d+),");
  private static final Pattern VALUE = Pattern.compile("\"value\":\"([^\"]*)\"");
  private static final Pattern DATA = Pattern.compile("\"data\":\"([^\"]*)\"");

  private final Process process;
  private final HttpClient client = HttpClient.newHttpClient();
  private final WebSocket socket;
  private final AtomicInteger calls = new AtomicInteger();
  private final Map<Integer, CompletableFuture<String>> answers = new ConcurrentHashMap<>();
  private final List<String> problems = Collections.synchronizedList(new ArrayList<>());

  private Chromium(Process process, String host) throws IOException, InterruptedException {
    this.process = process;
    HttpRequest tab =
        HttpRequest.newBuilder(URI.create("http://" + host + "/json/new"))
            .PUT(HttpRequest.BodyPublishers.noBody())
            .build();
    String opened = client.send(tab, HttpResponse.BodyHandlers.ofString()).body();
    this.socket =
        client
            .newWebSocketBuilder()
            .buildAsync(URI.create(found(SOCKET, opened)), new Listener())
            .join();
    for (String domain : List.of("Page", "Runtime", "Log")) {
      call(domain + ".enable", "{}");
    }
  }

  /** Returns the browser's program, if there is one. */
  static Optional<Path> program() {
    return Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
        .map(Path::of)
        .filter(Files::isExecutable)
        .findFirst();
  }

  static Chromium start(Path profile) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            program().orElseThrow().toString(),
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--remote-debugging-port=0",
            "--user-data-dir=" + profile,
            "about:blank");
    Files.createDirectories(profile);
    builder.environment().put("TMPDIR", profile.toString()); // it leaves files there
    Process process =
        builder
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.PIPE)
            .start();
    try {
      return new Chromium(process, host(process));
    } catch (Throwable e) {
      end(process);
      throw e;
    }
  }

  /** Reads on a thread of its own, so that the browser never waits for a reader. */
  private static String host(Process process) {
    CompletableFuture<String> host = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try (BufferedReader lines = process.errorReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
              Matcher listening = LISTENING.matcher(line);
              if (listening.find()) {
                host.complete(listening.group(1));
              }
            }
          } catch (IOException e) {
            host.completeExceptionally(e);
          }
        });
    return host.orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
  }

  private static String found(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) {
      throw new AssertionError("no " + pattern + " in " + text);
    }
    return matcher.group(1);
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        take(text.toString());
        text.setLength(0);
      }
      from.request(1);
      return CompletableFuture.completedStage(null);
    }
  }

  private void take(String message) {
    Matcher answer = ANSWER.matcher(message);
    if (answer.find()) {
      answers.remove(Integer.valueOf(answer.group(1))).complete(message);
    } else if (message.contains("\"method\":\"Runtime.exceptionThrown\"")
        || (message.contains("\"method\":\"Log.entryAdded\"")
            && message.contains("\"level\":\"error\""))
        || (message.contains("\"method\":\"Runtime.consoleAPICalled\"")
            && message.contains("\"type\":\"error\""))) {
      problems.add(message);
    }
  }

  /** Calls the browser; returns its answer. */
  private String call(String method, String parameters) {
    int id = calls.incrementAndGet();
    CompletableFuture<String> answer = new CompletableFuture<>();
    answers.put(id, answer);
    String request =
        "{\"id\":%s,\"method\":\"%s\",\"params\":%s}".formatted(id, method, parameters);
    socket.sendText(request, true).join();
    String answered = answer.orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
    if (answered.contains("\"error\":{")) {
      throw new AssertionError(method + ": " + answered);
    }
    return answered;
  }

  /** Sets how wide the window is, and which colours the user likes. */
  void look(int width, boolean isDark) {
    call(
        "Emulation.setDeviceMetricsOverride",
        "{\"width\":%s,\"height\":900,\"deviceScaleFactor\":1,\"mobile\":false}".formatted(width));
    call(
        "Emulation.setEmulatedMedia",
        "{\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"%s\"}]}"
            .formatted(isDark ? "dark" : "light"));
  }

  /** Opens a page, and waits until it is drawn. */
  void open(Path page) {
    call("Page.navigate", "{\"url\":\"" + page.toUri() + "\"}");
    String drawn =
        "new Promise(done => { const look = () => document.readyState === 'complete'"
            + " && location.protocol === 'file:' ? requestAnimationFrame(() => done('yes'))"
            + " : setTimeout(look, 20); look(); })";
    if (!evaluate(drawn).equals("yes")) {
      throw new AssertionError(page + " is not drawn");
    }
  }

  /** Returns what an expression of JavaScript, or its promise, comes to, as text. */
  String evaluate(String expression) {
    String text =
        "Promise.resolve("
            + expression
            + ").then(v => btoa(String.fromCharCode(...new TextEncoder().encode(String(v)))))";
    String answer =
        call(
            "Runtime.evaluate",
            "{\"awaitPromise\":true,\"returnByValue\":true,\"expression\":" + quoted(text) + "}");
    if (answer.contains("\"exceptionDetails\"")) {
      throw new AssertionError(expression + ": " + answer);
    }
    return new String(Base64.getDecoder().decode(found(VALUE, answer)), StandardCharsets.UTF_8);
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    text.chars().forEach(c -> quoted.append(String.format("\\u%04x", c)));
    return quoted.append('"').toString();
  }

  /** Writes a picture of the whole page. */
  void screenshot(Path file) throws IOException {
    String answer = call("Page.captureScreenshot", "{\"captureBeyondViewport\":true}");
    Files.write(file, Base64.getDecoder().decode(found(DATA, answer)));
  }

  /** Returns errors of the console, and exceptions that nobody caught. */
  List<String> problems() {
    return List.copyOf(problems);
  }

  private static void end(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try {
      process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    socket.abort();
    client.close();
    end(process);
  }
}
