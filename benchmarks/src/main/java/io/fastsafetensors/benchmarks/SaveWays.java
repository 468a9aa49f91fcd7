// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.CheckpointWriter;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.TensorInfo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The library's ways to save; tensors are read into memory once. */
final class SaveWays implements AutoCloseable {
  static final String SHARDS = "fst checkpoint, shards";
  static final String ONE_FILE = "fst checkpoint, one file";

  private final int shards;
  private final Arena arena = Arena.ofShared();
  private final Map<Path, Map<TensorInfo, MemorySegment>> memory = new HashMap<>();

  /** Saves tensors to a new folder. */
  private interface Saver {
    void save(Map<TensorInfo, MemorySegment> tensors, Path folder) throws IOException;
  }

  @SuppressWarnings("MustBeClosedChecker") // closed with this
  SaveWays(int shards) {
    this.shards = shards;
  }

  List<Way> all() {
    return List.of(
        way(SHARDS, (tensors, folder) -> checkpoint(tensors, folder, shards)),
        way(ONE_FILE, (tensors, folder) -> checkpoint(tensors, folder, 1)),
        way("fst file writer", SaveWays::file));
  }

  List<Goal> goals() {
    return List.of(
        new Goal(CacheState.WARM, SHARDS, WriteLimit.NAME, 0.9),
        new Goal(CacheState.WARM, ONE_FILE, WriteLimit.NAME, 0.85),
        new Goal(CacheState.WARM, SHARDS, PeerWays.PEER + "safetensors", 1.5),
        new Goal(CacheState.WARM, SHARDS, PeerWays.PEER + "fastsafetensors", 1));
  }

  private Way way(String name, Saver saver) {
    return Way.of(
        name,
        folder -> {
          Map<TensorInfo, MemorySegment> tensors = tensors(folder);
          Path target = Files.createTempDirectory(folder.getParent(), "fst-save");
          return new Way.Run() {
            @Override
            public long nanos() throws Exception {
              return Way.time(() -> saver.save(tensors, target));
            }

            @Override
            public void close() {
              WriteLimit.delete(target);
            }
          };
        });
  }

  private static void checkpoint(Map<TensorInfo, MemorySegment> tensors, Path folder, int shards)
      throws IOException {
    CheckpointWriter writer = CheckpointWriter.create();
    tensors.forEach((info, bytes) -> writer.add(info.name(), info.dtype(), info.shape(), bytes));
    long all = tensors.keySet().stream().mapToLong(TensorInfo::byteSize).sum();
    long most = Math.ceilDiv(all, shards) + (shards == 1 ? 0 : all / tensors.size());
    var _ = writer.write(folder, SaveOptions.builder().maxShardBytes(most).build());
  }

  private static void file(Map<TensorInfo, MemorySegment> tensors, Path folder) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    tensors.forEach((info, bytes) -> writer.add(info.name(), info.dtype(), info.shape(), bytes));
    writer.write(folder.resolve("model.safetensors"));
  }

  private Map<TensorInfo, MemorySegment> tensors(Path folder) throws IOException {
    Map<TensorInfo, MemorySegment> known = memory.get(folder);
    if (known == null) {
      known = read(folder.resolve("model.safetensors"));
      memory.put(folder, known);
    }
    return known;
  }

  private Map<TensorInfo, MemorySegment> read(Path file) throws IOException {
    SafetensorsHeader header = SafetensorsHeader.read(file);
    Map<TensorInfo, MemorySegment> tensors = new LinkedHashMap<>();
    try (FileChannel channel = FileChannel.open(file)) {
      for (TensorInfo tensor : header.tensors()) {
        MemorySegment bytes = arena.allocate(tensor.byteSize(), Long.BYTES);
        var buffer = bytes.asByteBuffer();
        while (buffer.hasRemaining()) {
          channel.read(buffer, header.dataOffset() + tensor.begin() + buffer.position());
        }
        tensors.put(tensor, bytes);
      }
    }
    return tensors;
  }

  @Override
  public void close() {
    arena.close();
  }
}
