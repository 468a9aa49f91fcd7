// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.host;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a file is stored on.
 *
 * @param fileSystem the type of the file system, as Linux names it: {@code ext4}
 * @param disks the disks below it, {@code nvme0n1p1}; empty if it has none that the kernel shows
 */
public record Storage(String fileSystem, List<String> disks) {
  /** Finds what a file is stored on. */
  @FunctionalInterface
  public interface Finder {
    /**
     * Finds it.
     *
     * @throws IOException if the file isn't there
     */
    Storage find(Path file) throws IOException;
  }

  /** Asks Linux; {@code blocks} is {@code /sys/class/block}. */
  static Storage of(Path file, Path blocks) throws IOException {
    FileStore store = Files.getFileStore(file);
    return new Storage(store.type(), disks(Path.of(store.name()), blocks));
  }

  /** Returns the disks of a device, through volumes of several: those of an md array, say. */
  static List<String> disks(Path device, Path blocks) throws IOException {
    if (!Files.exists(device)) {
      return leaves(device, blocks);
    }
    return leaves(device.toRealPath(), blocks); // /dev/mapper has links
  }

  private static List<String> leaves(Path device, Path blocks) throws IOException {
    Path name = device.getFileName();
    if (name == null || !Files.isDirectory(blocks.resolve(name))) {
      return List.of();
    }
    Path parts = blocks.resolve(name).resolve("slaves");
    List<Path> below = List.of();
    if (Files.isDirectory(parts)) {
      try (Stream<Path> entries = Files.list(parts)) {
        below = entries.sorted().toList();
      }
    }
    if (below.isEmpty()) {
      return List.of(name.toString());
    }
    List<String> disks = new java.util.ArrayList<>();
    for (Path part : below) {
      disks.addAll(leaves(part, blocks));
    }
    return disks;
  }

  /** Tells whether every disk is NVMe. */
  public boolean isNvme() {
    return !disks.isEmpty() && disks.stream().allMatch(disk -> disk.startsWith("nvme"));
  }

  /** Returns {@code ext4 on nvme0n1p1}, for operators. */
  @Override
  public String toString() {
    return disks.isEmpty() ? fileSystem : fileSystem + " on " + String.join(", ", disks);
  }
}
