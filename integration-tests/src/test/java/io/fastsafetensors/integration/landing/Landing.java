// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.landing;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A way to load, and files for it: {@code FILES} files of {@code TENSORS} tensors of {@code BYTES}
 * bytes each, which one thread reads in blocks of {@code BLOCK} bytes.
 *
 * @param device where to
 * @param backend by which backend
 * @param path mapped or copied
 * @param direct past the page cache or not
 */
record Landing(Device device, String backend, AccessPath path, DirectMode direct) {
  static final int FILES = 2;
  static final int TENSORS = 8;
  static final int BYTES = 512 << 10;
  static final int BLOCK = 64 << 10;
  static final long ALL = (long) FILES * TENSORS * BYTES;

  static final String[] NAMES = names();

  private static String[] names() {
    List<String> names = new ArrayList<>();
    for (int file = 0; file < FILES; file++) {
      for (int i = 0; i < TENSORS; i++) {
        names.add(name(file, i));
      }
    }
    return names.toArray(String[]::new);
  }

  /** Returns the name of a tensor of a file. */
  static String name(int file, int tensor) {
    return file + "." + tensor;
  }

  /** Writes the files. */
  static List<Path> write(Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    for (int file = 0; file < FILES; file++) {
      SafetensorsWriter writer = new SafetensorsWriter();
      for (int i = 0; i < TENSORS; i++) {
        MemorySegment bytes = MemorySegment.ofArray(expected(name(file, i)));
        writer.add(name(file, i), DType.F32, Shape.of(BYTES / Float.BYTES), bytes);
      }
      files.add(folder.resolve("landing-" + file + ".safetensors"));
      writer.write(files.getLast());
    }
    return files;
  }

  /** Returns the bytes of a tensor. */
  static byte[] expected(String name) {
    byte[] bytes = new byte[BYTES];
    new Random(name.hashCode()).nextBytes(bytes);
    return bytes;
  }

  static Landing of(String device, String backend, AccessPath path, DirectMode direct) {
    return new Landing(Device.parse(device), backend, path, direct);
  }

  LoadOptions.Builder options(Gate gate) {
    return LoadOptions.builder()
        .backend(backend)
        .path(path)
        .direct(direct)
        .threads(1)
        .blockBytes(BLOCK)
        .progress(gate);
  }

  Loader loader(List<Path> files) {
    return loader(files, ProcessGroup.single());
  }

  /** Makes a loader, in which each rank reads a file. */
  Loader loader(List<Path> files, ProcessGroup group) {
    return Loader.builder()
        .device(device)
        .group(group)
        .build()
        .addFiles(files.toArray(Path[]::new));
  }

  /** Fails unless a tensor can be had, with its bytes. */
  static void check(FileBuffer buffer, String name) throws LoadException {
    try (Tensor tensor = buffer.tensor(name)) {
      check(tensor);
    }
  }

  static void check(Tensor tensor) throws LoadException {
    byte[] bytes = new byte[BYTES];
    tensor.toHost(MemorySegment.ofArray(bytes));
    assertThat(bytes).as(tensor.name()).isEqualTo(expected(tensor.name()));
  }

  static void checkAll(FileBuffer buffer) throws LoadException {
    for (String name : NAMES) {
      check(buffer, name);
    }
  }
}
