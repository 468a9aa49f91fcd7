// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.format.TensorInfo;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Tensors with random bytes, and what is read back of a checkpoint. */
final class SavedSet {
  final Map<String, byte[]> bytes = new LinkedHashMap<>();
  final CheckpointWriter writer = CheckpointWriter.create();

  SavedSet with(String name, DType dtype, long... dims) {
    Shape shape = Shape.of(dims);
    byte[] elements = new byte[Math.toIntExact(dtype.byteSize(shape.elements()))];
    new Random(name.hashCode() + bytes.size()).nextBytes(elements);
    bytes.put(name, elements);
    writer.add(name, dtype, shape, MemorySegment.ofArray(elements));
    return this;
  }

  /** Reads all tensors of a checkpoint, as the header and the index have them. */
  static Map<String, byte[]> read(Path path) throws IOException {
    Map<String, byte[]> read = new TreeMap<>();
    Checkpoint checkpoint = Checkpoint.find(path);
    List<SafetensorsHeader> headers = checkpoint.headers();
    for (int i = 0; i < headers.size(); i++) {
      SafetensorsHeader header = headers.get(i);
      try (FileChannel file = FileChannel.open(checkpoint.files().get(i))) {
        if (file.size() != header.fileSize()) {
          throw new LoadException(checkpoint.files().get(i) + " has bytes that no tensor has");
        }
        for (TensorInfo tensor : header.tensors()) {
          ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.byteSize()));
          while (bytes.hasRemaining()) {
            file.read(bytes, header.dataOffset() + tensor.begin() + bytes.position());
          }
          read.put(tensor.name(), bytes.array());
        }
      }
    }
    return read;
  }

  /** Returns the names of all that is in a folder, sorted. */
  static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
