// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.benchmarks.PartsWant.Piece;
import io.fastsafetensors.format.SafetensorsHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What bare programs need that each get a rank's part, without a word to each other. */
final class PartsLimits implements RankWay.Run {
  /** Page tables filled for the part. */
  static final String MAP = RankResults.LIMIT + "map and populate";

  /** The part copied from a mapping into memory that is there. */
  static final String COPY = RankResults.LIMIT + "map and copy";

  /** The part read into memory that is there. */
  static final String READ = RankResults.LIMIT + "read";

  /** The part read into memory of which no page is there yet. */
  static final String READ_NEW = RankResults.LIMIT + "populate, then read";

  /** All bytes read once, by the first rank alone. */
  static final String DISK = RankResults.LIMIT + "direct reads, all once";

  private static final int DISK_BLOCK = 4 << 20;
  private static final int DISK_DEPTH = 16;

  private final Path folder;
  private final PartsWant want;
  private final int rank;
  private final int ranks;
  private final BarePieces.Work work;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;

  private PartsLimits(
      Path folder, PartsWant want, int rank, int ranks, BarePieces.Work work, boolean memoryIsThere)
      throws IOException {
    this.folder = folder;
    this.want = want;
    this.rank = rank;
    this.ranks = ranks;
    this.work = work;
    // No part is larger than all files.
    long bytes = memoryIsThere ? PartsWant.end(want.pieces(headers(), rank, ranks)) : 0;
    this.memory = BareMemory.allocate(arena, bytes);
  }

  static Map<String, RankWay> all(int rank, int ranks) {
    Map<String, RankWay> ways = new LinkedHashMap<>();
    ways.put(MAP, way(rank, ranks, BarePieces::populate, false));
    ways.put(COPY, way(rank, ranks, BarePieces::copy, true));
    ways.put(READ, way(rank, ranks, BarePieces::read, true));
    ways.put(READ_NEW, way(rank, ranks, BarePieces::readNew, false));
    ways.put(
        DISK, (folder, _) -> disk(new DirectReads(folder, DISK_BLOCK, DISK_DEPTH, false), rank));
    return ways;
  }

  private static RankWay way(int rank, int ranks, BarePieces.Work work, boolean memoryIsThere) {
    return (folder, want) ->
        new PartsLimits(folder, PartsWant.valueOf(want), rank, ranks, work, memoryIsThere);
  }

  private static RankWay.Run disk(DirectReads reads, int rank) {
    return new RankWay.Run() {
      @Override
      public List<MemorySegment> get() throws Exception {
        if (rank == 0) {
          reads.nanos();
        }
        return List.of();
      }

      @Override
      public void close() {
        reads.close();
      }
    };
  }

  private List<SafetensorsHeader> headers() throws IOException {
    List<SafetensorsHeader> headers = new ArrayList<>();
    for (Path file : HostState.files(folder)) {
      headers.add(SafetensorsHeader.read(file));
    }
    return headers;
  }

  @Override
  public List<MemorySegment> get() throws IOException {
    List<Piece> pieces = want.pieces(headers(), rank, ranks);
    List<FileChannel> files = new ArrayList<>();
    try {
      for (Path file : HostState.files(folder)) {
        files.add(FileChannel.open(file));
      }
      return work.run(files, pieces, memory, arena);
    } finally {
      for (FileChannel file : files) {
        file.close();
      }
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
