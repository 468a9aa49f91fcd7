// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Hashes streamed tensors by several threads, the pieces of each one after the other. */
final class TensorDigests implements AutoCloseable {
  private static final Comparator<String> BY_BYTES =
      Comparator.comparing(name -> name.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);

  private final TensorWorkers<String> workers;
  private final Map<String, Hashed> all = new TreeMap<>(BY_BYTES);

  /** Starts without any; the workers are closed with this. */
  TensorDigests(TensorWorkers<String> workers) {
    this.workers = workers;
  }

  /** Hashes a tensor, or its next piece, and closes it. */
  void add(StreamedTensor tensor) throws IOException {
    Hashed hashed = all.computeIfAbsent(tensor.name(), _ -> new Hashed());
    if (hashed.add(tensor)) {
      workers.submit(tensor.file(), hashed::hash);
    }
  }

  /** Waits for all; returns a line for each tensor, in the order of their names. */
  List<String> lines() throws IOException {
    workers.results();
    return all.values().stream().map(Hashed::line).toList();
  }

  @Override
  public void close() {
    workers.close();
    all.values().forEach(Hashed::close);
  }

  /** A tensor of which pieces come, and at most one thread hashes. */
  private static final class Hashed implements AutoCloseable {
    /** Stays in the processor's cache; the JDK itself would copy native memory in 4 KiB pieces. */
    private static final int BLOCK = 64 << 10;

    private final MessageDigest digest = newDigest();
    private final Queue<StreamedTensor> waiting = new ArrayDeque<>();
    private boolean isHashing;
    private boolean isClosed;
    private String line = "";

    /** Adds a piece; answers whether a thread is wanted. */
    synchronized boolean add(StreamedTensor piece) {
      if (isClosed) {
        piece.close();
        return false;
      }
      waiting.add(piece);
      boolean wasIdle = !isHashing;
      isHashing = true;
      return wasIdle;
    }

    private synchronized @Nullable StreamedTensor next() {
      isHashing = !waiting.isEmpty();
      return waiting.poll();
    }

    /** Hashes what waits; after an exception nothing waits any more. */
    String hash() throws IOException {
      try {
        for (StreamedTensor next = next(); next != null; next = next()) {
          try (StreamedTensor piece = next) {
            hash(piece);
          }
        }
        return line;
      } catch (Throwable e) {
        close();
        throw e;
      }
    }

    private void hash(StreamedTensor piece) throws LoadException {
      Tensor tensor = piece.tensor();
      if (tensor.host().isPresent()) {
        hash(tensor.host().get());
      } else {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment staging = arena.allocate(tensor.byteSize());
          tensor.toHost(staging);
          hash(staging);
        }
      }
      if (piece.isLast()) {
        line =
            String.join(
                "  ",
                HexFormat.of().formatHex(digest.digest()),
                tensor.dtype().name(),
                piece.shape().toString(),
                Printing.oneLine(piece.name()));
      }
    }

    private void hash(MemorySegment memory) {
      byte[] block = new byte[BLOCK];
      MemorySegment target = MemorySegment.ofArray(block);
      for (long offset = 0; offset < memory.byteSize(); offset += BLOCK) {
        int length = (int) Math.min(BLOCK, memory.byteSize() - offset);
        MemorySegment.copy(memory, offset, target, 0, length);
        digest.update(block, 0, length);
      }
    }

    private static MessageDigest newDigest() {
      try {
        return MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new AssertionError("every JDK has SHA-256", e);
      }
    }

    private String line() {
      return line;
    }

    @Override
    public synchronized void close() {
      isClosed = true;
      waiting.forEach(StreamedTensor::close);
      waiting.clear();
    }
  }
}
