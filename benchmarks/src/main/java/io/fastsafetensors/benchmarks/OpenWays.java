// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

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
    for (boolean direct : List.of(false, true)) {
      for (int threads : List.of(1, THREADS)) {
        String name = (direct ? "direct pread" : "pread") + ", threads: " + threads;
        ways.put(RankResults.LIMIT + name, (folder, want) -> bare(folder, want, direct, threads));
      }
    }
    return ways;
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
