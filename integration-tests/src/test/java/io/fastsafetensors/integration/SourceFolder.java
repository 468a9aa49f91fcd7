// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A checkpoint of two files with an index, and what its tensors digest to. */
record SourceFolder(Path path) {
  static final String FIRST = "model-00001-of-00002.safetensors";
  static final String SECOND = "model-00002-of-00002.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  /** Writes it: some MB, so that there are several blocks. */
  static SourceFolder write(Path folder) throws Exception {
    Files.createDirectories(folder);
    Random random = new Random(20);
    write(folder.resolve(FIRST), random, Map.of("a", 3_000_001L, "b", 0L, "c", 5L));
    write(folder.resolve(SECOND), random, Map.of("d", 9_000_000L, "e", 4096L));
    Files.writeString(
        folder.resolve(INDEX),
        "{\"weight_map\":{\"a\":\"%1$s\",\"b\":\"%1$s\",\"c\":\"%1$s\",\"d\":\"%2$s\",\"e\":\"%2$s\"}}"
            .formatted(FIRST, SECOND));
    return new SourceFolder(folder);
  }

  private static void write(Path file, Random random, Map<String, Long> sizes) throws Exception {
    SafetensorsWriter writer = new SafetensorsWriter();
    for (Map.Entry<String, Long> tensor : new TreeMap<>(sizes).entrySet()) {
      byte[] bytes = new byte[Math.toIntExact(tensor.getValue())];
      random.nextBytes(bytes);
      MemorySegment segment = MemorySegment.ofArray(bytes);
      writer.add(tensor.getKey(), DType.U8, Shape.of(tensor.getValue()), segment);
    }
    writer.write(file);
  }

  Path first() {
    return path.resolve(FIRST);
  }

  /** Copies its files to a folder of any provider. */
  Path copyTo(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (Path file : files()) {
      Files.copy(file, folder.resolve(file.getFileName().toString()));
    }
    return folder;
  }

  /** Packs its files. */
  Path zip(Path archive, int method) throws IOException {
    try (OutputStream out = Files.newOutputStream(archive);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Path file : files()) {
        byte[] bytes = Files.readAllBytes(file);
        ZipEntry entry = new ZipEntry("model/" + file.getFileName());
        entry.setMethod(method);
        entry.setSize(bytes.length);
        CRC32 crc = new CRC32();
        crc.update(bytes);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(bytes);
      }
    }
    return archive;
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(path)) {
      return files.sorted().toList();
    }
  }

  /** Loads a checkpoint into host memory, and digests its tensors. */
  static Map<String, String> digests(Path checkpoint, LoadOptions options) throws Exception {
    return digests(Device.CPU, checkpoint, options);
  }

  /** Loads a checkpoint, and digests its tensors. */
  static Map<String, String> digests(Device device, Path checkpoint, LoadOptions options)
      throws Exception {
    try (Loader loader = Loader.builder().device(device).build();
        FileBuffer buffer = loader.addCheckpoint(checkpoint).load(options)) {
      return digests(buffer);
    }
  }

  static Map<String, String> digests(FileBuffer buffer) throws Exception {
    Map<String, String> digests = new TreeMap<>();
    for (String name : buffer.keys()) {
      try (Tensor tensor = buffer.tensor(name)) {
        digests.put(name, digest(tensor));
      }
    }
    return digests;
  }

  /** Digests a tensor, with its shape. */
  static String digest(Tensor tensor) throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, tensor.byteSize()));
      tensor.toHost(bytes.asSlice(0, tensor.byteSize()));
      byte[] array = bytes.asSlice(0, tensor.byteSize()).toArray(ValueLayout.JAVA_BYTE);
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(array);
      return tensor.shape() + " " + HexFormat.of().formatHex(digest);
    }
  }
}
