// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** A folder of files that a benchmark makes, deleted in the end, also if the JVM is stopped. */
final class MadeFiles implements AutoCloseable {
  private static final int BLOCK = 1 << 20;

  private final Path folder;
  private final Thread rescue;

  MadeFiles(Path parent) throws IOException {
    folder = Files.createTempDirectory(parent, "fst-benchmark");
    rescue = new Thread(this::delete);
    Runtime.getRuntime().addShutdownHook(rescue);
  }

  /** Makes a folder for small files, where temporary files are. */
  static MadeFiles temporary() throws IOException {
    return new MadeFiles(Path.of(System.getProperty("java.io.tmpdir")));
  }

  Path folder() {
    return folder;
  }

  /** Adds a tensor of bytes that no disk can shrink. */
  static void add(SafetensorsWriter writer, String name, DType dtype, Shape shape) {
    long bytes = dtype.byteSize(shape.elements());
    writer.add(name, dtype, shape, channel -> writeRandom(channel, name.hashCode(), bytes));
  }

  private static void writeRandom(WritableByteChannel channel, long seed, long bytes)
      throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] block = new byte[BLOCK];
    for (long at = 0; at < bytes; at += BLOCK) {
      random.nextBytes(block);
      channel.write(ByteBuffer.wrap(block, 0, (int) Math.min(BLOCK, bytes - at)));
    }
  }

  void write(String name, SafetensorsWriter writer) throws IOException {
    writer.write(folder.resolve(name));
  }

  private void delete() {
    try {
      for (Path file : HostState.files(folder)) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    Runtime.getRuntime().removeShutdownHook(rescue);
    delete();
  }
}
