// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole checkpoints have the same digests, whatever backend, path, file system, and page cache. */
@Tag("slow")
class DigestTests {
  private static final List<LoadOptions> WAYS =
      List.of(
          way("cpu", AccessPath.MAPPED, DirectMode.AUTO),
          way("cpu", AccessPath.COPIED, DirectMode.AUTO),
          way("posix", AccessPath.COPIED, DirectMode.ON),
          way("posix", AccessPath.COPIED, DirectMode.OFF),
          way("posix", AccessPath.MAPPED, DirectMode.AUTO),
          way("posix", AccessPath.AUTO, DirectMode.AUTO),
          aligned(DirectMode.ON),
          aligned(DirectMode.OFF));

  /** What of a file is in the page cache. */
  private enum Cached {
    ALL,
    NOTHING,
    HALF
  }

  @TempDir Path scratch;

  private static LoadOptions way(String backend, AccessPath path, DirectMode direct) {
    return LoadOptions.builder().backend(backend).path(path).direct(direct).build();
  }

  /** Bytes that a read does not bring right to their place are copied there. */
  private static LoadOptions aligned(DirectMode direct) {
    return LoadOptions.builder()
        .backend("posix")
        .path(AccessPath.COPIED)
        .direct(direct)
        .alignment(4096)
        .build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ext4", "tmpfs", "xfs", "overlay"})
  void everyWayHasTheSameDigests(String kind) throws IOException {
    try (MountedFolder mounted = MountedFolder.mount(kind, scratch)) {
      Checkpoint checkpoint = Checkpoint.write(mounted.folder());
      List<Cached> states = kind.equals("tmpfs") ? List.of(Cached.ALL) : List.of(Cached.values());
      for (Cached state : states) {
        for (LoadOptions way : WAYS) {
          prepare(checkpoint, state);
          assertThat(load(checkpoint.folder(), way))
              .as("%s, cached: %s, %s", kind, state, way)
              .isEqualTo(checkpoint.digests());
        }
      }
      delete(checkpoint);
    }
  }

  private static void prepare(Checkpoint checkpoint, Cached state) throws IOException {
    for (Path file : files(checkpoint)) {
      switch (state) {
        case ALL -> Files.readAllBytes(file);
        case NOTHING -> CachedParts.evict(file);
        case HALF -> CachedParts.warmOnly(file, Files.size(file) / 2 & -4096L);
      }
    }
  }

  private static Map<String, String> load(Path folder, LoadOptions options) throws IOException {
    Map<String, String> digests = new TreeMap<>();
    try (Loader loader = Loader.builder().build().addCheckpoint(folder);
        FileBuffer buffer = loader.load(options)) {
      for (String name : buffer.keys()) {
        digests.put(
            name, Checkpoint.digest(buffer.tensor(name).host().orElseThrow().asByteBuffer()));
      }
    }
    return digests;
  }

  private static List<Path> files(Checkpoint checkpoint) throws IOException {
    try (Stream<Path> files = Files.list(checkpoint.folder())) {
      return files.filter(file -> file.toString().endsWith(".safetensors")).toList();
    }
  }

  private static void delete(Checkpoint checkpoint) throws IOException {
    for (Path file : files(checkpoint)) {
      Files.delete(file);
    }
  }
}
