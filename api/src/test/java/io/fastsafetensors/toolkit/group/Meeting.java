// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.GroupConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A group to be met in a test: real sockets on the loopback, a thread a rank. */
record Meeting(int size, int port, Duration timeout) {
  static final String TOKEN = "a token";
  private static final Duration LIMIT = Duration.ofSeconds(60);

  static Meeting of(int size, Duration timeout) {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return new Meeting(size, socket.getLocalPort(), timeout);
    } catch (IOException e) {
      throw new AssertionError("no free port", e);
    }
  }

  GroupConfig config(int rank) {
    return config(rank, size, TOKEN);
  }

  GroupConfig config(int rank, int size, String token) {
    return GroupConfig.builder(rank, size).port(port).token(token).timeout(timeout).build();
  }

  /** What a rank does once it has joined. */
  @FunctionalInterface
  interface Part {
    Object play(Rendezvous rendezvous) throws Exception;
  }

  /** Starts a rank; it joins, plays its part and leaves. */
  FutureTask<Object> start(GroupConfig config, Part part) {
    FutureTask<Object> task =
        new FutureTask<>(() -> {
          try (Rendezvous rendezvous = Rendezvous.join(config)) {
            return part.play(rendezvous);
          }
        });
    Thread.ofPlatform().daemon().name("rank-" + config.rank()).start(task);
    return task;
  }

  /** Starts all ranks. */
  List<FutureTask<Object>> startAll(Part part) {
    List<FutureTask<Object>> tasks = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      tasks.add(start(config(rank), part));
    }
    return tasks;
  }

  /** Runs all ranks; returns their results. */
  List<Object> runAll(Part part) throws Exception {
    List<Object> results = new ArrayList<>();
    for (FutureTask<Object> task : startAll(part)) {
      results.add(result(task));
    }
    return results;
  }

  static Object result(FutureTask<Object> task) throws Exception {
    return task.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  /** Returns what a rank threw. */
  static CollectiveException failure(FutureTask<Object> task) throws InterruptedException {
    @Nullable Throwable thrown = null;
    try {
      task.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      thrown = e.getCause();
    } catch (TimeoutException e) {
      throw new AssertionError("a rank hangs", e);
    }
    if (thrown instanceof CollectiveException e) {
      return e;
    }
    throw new AssertionError("no collective exception", thrown);
  }
}
