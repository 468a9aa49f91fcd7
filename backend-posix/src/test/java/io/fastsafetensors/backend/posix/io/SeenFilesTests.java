// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.ChildJava;
import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the page cache has, on real file systems, to real users, past real filters. */
@Tag("slow")
class SeenFilesTests {
  private static final long MIB = 1 << 20;
  private static final int SEED = 1;

  /** May read everything, so that classes are found, but owns nothing and may write nothing. */
  private static final List<String> ANOTHER_USER =
      List.of(
          "setpriv",
          "--reuid=65534",
          "--regid=65534",
          "--clear-groups",
          "--inh-caps=-all,+dac_read_search",
          "--ambient-caps=-all,+dac_read_search",
          "--bounding-set=-all,+dac_read_search");

  @TempDir Path scratch;

  private String load(Path file, String path, List<String> user, int errno, String... calls)
      throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of(file.toString(), "" + SEED, path, "" + errno));
    arguments.addAll(List.of(calls));
    return new ChildJava("ulimit -c 0", "--enable-native-access=" + ChildJava.module())
        .through(user)
        .run(scratch, FilteredLoad.class, arguments.toArray(String[]::new));
  }

  private static SampleFile write(MountedFolder mounted) throws IOException {
    return SampleFiles.write(mounted.folder().resolve("f"), 20 * MIB + 5, SEED);
  }

  /** Reads all of the file, as the program did that had it last. */
  private static void warm(SampleFile file) throws IOException {
    CachedParts.warmOnly(file.path(), file.bytes());
  }

  /**
   * Loads what is cached; again, where whatever else runs on this machine emptied the page cache
   * while the process started.
   */
  private String loadWarm(SampleFile file, List<String> user, int errno, String... calls)
      throws IOException, InterruptedException {
    String said = "";
    for (int i = 0; i < 5 && !said.startsWith("[mapped] mapped: "); i++) {
      warm(file);
      said = load(file.path(), "AUTO", user, errno, calls);
    }
    assertThat(said).startsWith("[mapped] mapped: ");
    return said;
  }

  @Test
  void overlayIsTakenFromThePageCacheBelow() throws IOException {
    try (MountedFolder mounted = MountedFolder.mount("overlay", scratch);
        Loads loads = new Loads()) {
      SampleFile file = write(mounted);
      loads.path = AccessPath.AUTO;
      warm(file);
      var stats = loads.check(file).stats();
      assertThat(stats.reason().toString())
          .startsWith("mapped: 100% mapped; on overlayfs (overlay), ");
      evictBelow(file);
      assertThat(loads.check(file).stats().bytesByPath()).doesNotContainKey(TransferPath.MAPPED);
    }
  }

  private void evictBelow(SampleFile file) throws IOException {
    CachedParts.evict(scratch.resolve("upper").resolve(file.path().getFileName()));
  }

  /** Where the kernel doesn't see to it, each small page of a huge one is mapped for itself. */
  @ParameterizedTest
  @ValueSource(strings = {"ext4", "overlay", "tmpfs"})
  void mappingsAreToHugePagesAsTheFileIs(String kind) throws IOException {
    try (MountedFolder mounted = MountedFolder.mount(kind, scratch);
        Loads loads = new Loads()) {
      SampleFile file = write(mounted);
      loads.path = AccessPath.MAPPED;
      for (long begin : new long[] {8, 2 * MIB - 4, 9 * MIB + 4096}) {
        LoadedRanges loaded = loads.load(file.plan(new ByteRange(begin, file.bytes())));
        assertThat((loaded.regions().getFirst().address() - begin) % (2 * MIB)).isZero();
        Loads.release(loaded);
      }
      Files.delete(file.path());
    }
  }

  @Test
  void mappingsThatCannotBeMovedStayWhereTheyAre() throws IOException {
    AtomicInteger moves = new AtomicInteger();
    CountingFaults libc =
        new CountingFaults() {
          @Override
          public long mmapOver(
              long address, long length, int descriptor, long offset, boolean writable) {
            moves.incrementAndGet();
            return -Errno.ENOMEM;
          }
        };
    try (MountedFolder mounted = MountedFolder.mount("tmpfs", scratch);
        Loads loads = new Loads()) {
      SampleFile file = write(mounted);
      loads.libc = libc;
      loads.path = AccessPath.MAPPED;
      loads.check(file, file.plan(new ByteRange(5, file.bytes())));
      loads.check(file, file.plan(new ByteRange(MIB + 5, file.bytes())));
      Files.delete(file.path());
    }
    assertThat(moves).hasPositiveValue();
    assertThat(libc.mappedBytes).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(ints = {Errno.EPERM, Errno.ENOSYS})
  void filteredCallIsAskedAnotherWay(int errno) throws IOException, InterruptedException {
    try (MountedFolder mounted = MountedFolder.mount("ext4", scratch)) {
      SampleFile file = write(mounted);
      assertThat(loadWarm(file, List.of(), errno, "cachestat")).contains("seen by mincore");
      assertThat(loadWarm(file, List.of(), errno, "cachestat", "mincore"))
          .contains("seen in samples by preadv2");
      assertThat(loadWarm(file, List.of(), errno, "cachestat", "mincore", "preadv2"))
          .contains("not seen (cachestat: refused: " + Errno.name(errno) + "; mincore: refused: ");
      CachedParts.evict(file.path());
      assertThat(load(file.path(), "AUTO", List.of(), errno, "cachestat"))
          .startsWith("[direct] copied: ");
      assertThat(load(file.path(), "AUTO", List.of(), errno, "cachestat", "mincore"))
          .startsWith("[direct] copied: ");
    }
  }

  @Test
  void filesOfAnotherUserAreTakenFromThePageCache() throws IOException, InterruptedException {
    try (MountedFolder mounted = MountedFolder.mount("ext4", scratch)) {
      SampleFile file = write(mounted);
      assertThat(loadWarm(file, ANOTHER_USER, 0))
          .contains("on ext4 (local), page cache seen in samples by preadv2 with RWF_NOWAIT");
      CachedParts.evict(file.path());
      assertThat(load(file.path(), "AUTO", ANOTHER_USER, 0)).startsWith("[direct] copied: ");
    }
  }

  @Test
  void filesOfAnotherUserOnAnOverlayAreMappedUnseen() throws IOException, InterruptedException {
    try (MountedFolder mounted = MountedFolder.mount("overlay", scratch)) {
      SampleFile file = write(mounted);
      assertThat(loadWarm(file, ANOTHER_USER, 0))
          .contains("on overlayfs (overlay), page cache not seen (cachestat: ", "; preadv2 with");
      assertThat(load(file.path(), "COPIED", ANOTHER_USER, 0)).startsWith("[buffered] copied: ");
    }
  }

  @Test
  void filesOfAnotherUserInMemoryAreMapped() throws IOException, InterruptedException {
    try (MountedFolder mounted = MountedFolder.mount("tmpfs", scratch)) {
      SampleFile file = write(mounted);
      assertThat(load(file.path(), "AUTO", ANOTHER_USER, 0))
          .startsWith("[mapped] mapped: ")
          .contains("on tmpfs (memory), all in memory");
      Files.delete(file.path());
    }
  }
}
