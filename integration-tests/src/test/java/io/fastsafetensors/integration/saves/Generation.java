// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.saves;

import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.CheckpointSave;
import io.fastsafetensors.CheckpointWriter;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.SaveReport;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.format.TensorInfo;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A checkpoint all of whose bytes are its number, so that a mixture of two shows.
 *
 * @param number the number, 1 to 127
 * @param shards how many files it has
 */
public record Generation(int number, int shards) {
  private static final int TENSORS = 6;
  private static final int BYTES = 20_000;

  /** Saves it, as a process does that may be killed meanwhile. */
  public SaveReport save(Path target) throws IOException {
    return save(target, options().build());
  }

  /** Saves it in some way. */
  SaveReport save(Path target, SaveOptions options) throws IOException {
    CheckpointWriter writer = CheckpointWriter.create();
    for (String name : names()) {
      writer.add(name, DType.U8, Shape.of(BYTES), bytes(BYTES));
    }
    return writer.write(target, options);
  }

  /** Begins to save it with other ranks: each has a shard of every tensor. */
  public CheckpointSave begin(ProcessGroup group, Path target, SaveOptions options)
      throws IOException {
    CheckpointWriter writer = CheckpointWriter.create(group);
    int own = Math.ceilDiv(BYTES, group.size());
    for (String name : names()) {
      int bytes = Math.clamp(BYTES - (long) group.rank() * own, 0, own);
      writer.addPart(name, DType.U8, Shape.of(BYTES), Part.shard(0), bytes(bytes));
    }
    return writer.begin(target, options);
  }

  private MemorySegment bytes(int count) {
    byte[] bytes = new byte[count];
    Arrays.fill(bytes, (byte) number);
    return MemorySegment.ofArray(bytes);
  }

  /** Returns how it is saved. */
  public SaveOptions.Builder options() {
    return SaveOptions.builder().maxShardBytes(Math.ceilDiv(TENSORS, shards) * (long) BYTES);
  }

  /** Names that differ between neighbours, so that an index of one doesn't fit the other. */
  private List<String> names() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < TENSORS; i++) {
      names.add(i == 0 ? "t" + number % 2 : "t.%d".formatted(i));
    }
    return names;
  }

  /** Reads what a folder means to this library; fails unless it is one generation, whole. */
  public static int read(Path folder) throws IOException {
    Checkpoint checkpoint = Checkpoint.find(folder);
    checkpoint.headers(); // they fit together
    return read(checkpoint.files());
  }

  /** Reads what a folder means to Transformers: the one file if it is there, else by the index. */
  public static int readAsTransformers(Path folder) throws IOException {
    Path single = folder.resolve("model.safetensors");
    return Files.exists(single)
        ? read(List.of(single))
        : read(Checkpoint.find(folder.resolve("model.safetensors.index.json")).files());
  }

  private static int read(List<Path> files) throws IOException {
    Set<Byte> numbers = new HashSet<>();
    int tensors = 0;
    for (Path file : files) {
      SafetensorsHeader header = SafetensorsHeader.read(file);
      try (FileChannel channel = FileChannel.open(file)) {
        for (TensorInfo tensor : header.tensors()) {
          ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.byteSize()));
          channel.read(bytes, header.dataOffset() + tensor.begin());
          for (byte each : bytes.array()) {
            numbers.add(each);
          }
          tensors++;
        }
      }
    }
    if (numbers.size() != 1 || tensors != TENSORS) {
      throw new IOException(files + " have " + tensors + " tensors of " + numbers);
    }
    return numbers.iterator().next();
  }
}
