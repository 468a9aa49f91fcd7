// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.OpenCheckpoint;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.benchmarks.OpenWant.Call;
import io.fastsafetensors.benchmarks.PartsWant.Piece;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** The ways to read from an open file: of this library, and of bare programs. */
final class OpenWays {
  private static final int THREADS = 8;

  private OpenWays() {}

  /** Runs as the only rank. */
  public static void main(String[] arguments) throws IOException {
    new RankServer(all(), arguments).serve();
  }

  private static Map<String, RankWay> all() {
    Map<String, RankWay> ways = new LinkedHashMap<>();
    ways.put("fst open", OpenWays::tensors);
    ways.put("fst open, into memory", OpenWays::intoMemory);
    for (boolean direct : List.of(false, true)) {
      for (int threads : List.of(1, THREADS)) {
        String name = (direct ? "direct pread" : "pread") + ", threads: " + threads;
        ways.put(RankResults.LIMIT + name, (folder, want) -> bare(folder, want, direct, threads));
      }
    }
    return ways;
  }

  /** Gets tensors, which may be the page cache. */
  private static RankWay.Run tensors(Path folder, String want) throws Exception {
    List<Call> calls = OpenWant.valueOf(want).calls(OpenRun.header(folder));
    OpenCheckpoint checkpoint = Checkpoint.find(folder).open();
    String name = checkpoint.keys().iterator().next();
    Queue<Tensor> tensors = new ConcurrentLinkedQueue<>();
    return new OpenRun<Call>(calls, calls, OpenWant.valueOf(want).threads) {
      @Override
      void read(Call call, MemorySegment memory) throws IOException {
        tensors.add(checkpoint.read(name, call.part()));
      }

      @Override
      public List<MemorySegment> get() throws Exception {
        super.get();
        return tensors.stream().map(tensor -> tensor.host().orElseThrow()).toList();
      }

      @Override
      public void close() {
        super.close();
        tensors.forEach(Tensor::close);
        checkpoint.close();
      }
    };
  }

  private static RankWay.Run intoMemory(Path folder, String want) throws Exception {
    List<Call> calls = OpenWant.valueOf(want).calls(OpenRun.header(folder));
    OpenCheckpoint checkpoint = Checkpoint.find(folder).open();
    String name = checkpoint.keys().iterator().next();
    return new OpenRun<Call>(calls, calls, OpenWant.valueOf(want).threads) {
      @Override
      void read(Call call, MemorySegment memory) throws IOException {
        checkpoint.read(name, call.part(), memory.asSlice(call.target(), call.bytes()));
      }

      @Override
      public void close() {
        super.close();
        checkpoint.close();
      }
    };
  }

  private static RankWay.Run bare(Path folder, String want, boolean direct, int threads)
      throws Exception {
    List<Call> calls = OpenWant.valueOf(want).calls(OpenRun.header(folder));
    List<Piece> pieces = calls.stream().flatMap(call -> call.pieces().stream()).toList();
    Path file = HostState.files(folder).getFirst();
    FileChannel channel =
        direct
            ? FileChannel.open(file, StandardOpenOption.READ, DirectReads.direct())
            : FileChannel.open(file);
    return new OpenRun<Piece>(calls, pieces, threads) {
      @Override
      void read(Piece piece, MemorySegment memory) throws IOException {
        if (direct) {
          BarePieces.readDirect(channel, piece, memory);
        } else {
          BarePieces.read(channel, piece, memory);
        }
      }

      @Override
      public void close() {
        super.close();
        try {
          channel.close();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    };
  }
}
