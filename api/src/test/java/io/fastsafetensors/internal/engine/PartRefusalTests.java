// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.Selection;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A part that one rank can't have, or a file that it doesn't see, is an error on all, at once. */
class PartRefusalTests {
  private static final int RANKS = 3;
  private static final int BAD = 1;
  private static final Part ROW = Part.rows(0);

  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private Samples sample;

  @BeforeEach
  void writeFiles() throws IOException {
    sample =
        new Samples(folder.resolve("m"))
            .with("a.1.w", DType.F32, 6, 4)
            .with("four", DType.F4, 3, 4)
            .write();
  }

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
  }

  private static Selection by(String glob, Part part) {
    return Selection.builder().part(glob, part).build();
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of(
            by("a*", Part.slice(0, 2, 7)),
            "tensor 'a.1.w' F32 [6, 4]: range 2:7 of dimension 0 ends past its size, 6"),
        Arguments.of(
            by("a*", Part.slice(0, 2, 3).and(2, 0, 1)),
            "tensor 'a.1.w' [6, 4] has no dimension 2: want 0 to 1"),
        Arguments.of(
            by("a*", Part.shard(2)), "tensor 'a.1.w' [6, 4] has no dimension 2: want 0 to 1"),
        Arguments.of(
            by("a*", Part.rows(1, 6)), "tensor 'a.1.w' F32 [6, 4] has no row 6: dimension 0 has 6"),
        Arguments.of(
            by("four", Part.slice(1, 1, 3)),
            "tensor 'four' F4 [3, 4]: slice [:, 1:3] don't start and end on whole bytes"),
        Arguments.of(by("b*", Part.whole()), "selection: no tensor matches 'b*'"),
        Arguments.of(
            Selection.builder().numbered("a.#.v", n -> n > 0).build(),
            "selection: no tensor matches 'a.#.v'"),
        Arguments.of(
            Selection.builder().numbered("*our#", n -> n > 0).build(),
            "selection: no tensor matches"),
        Arguments.of(
            Selection.of(Part.shard(2)),
            "selection: shard of dimension 2: no tensor has dimension 2: want 0 to 1"),
        Arguments.of(
            Selection.of(Part.shard(Integer.MAX_VALUE)), "no tensor has dimension 2147483647"),
        Arguments.of(
            Selection.of(Part.slice(0, 1, 2).and(3, 0, 1)),
            "selection: slice [1:2, :, :, 0:1]: no tensor has dimension 3: want 0 to 1"),
        Arguments.of(
            Selection.builder()
                .numbered("a.#.w", List.of(new Part.Range(1, 3), new Part.Range(7, 8)), ROW)
                .build(),
            "selection: 'a.#.w': no tensor has number 7: want number 1"),
        Arguments.of(
            Selection.builder()
                .part(
                    info -> {
                      throw new IllegalStateException("asked for " + info.name());
                    },
                    Part.none())
                .build(),
            "asked for a.1.w"));
  }

  private static LoadOptions options(Selection selection, Distribution distribution) {
    return LoadOptions.builder().selection(selection).distribution(distribution).build();
  }

  /** What one rank loads. */
  private interface Load {
    FileBuffer by(Loader loader, int rank) throws IOException;
  }

  private List<Throwable> failures(Load load) throws InterruptedException {
    List<Throwable> failures =
        Ranks.failures(
            RANKS,
            group -> {
              try (Loader loader = bench.loader(group)) {
                load.by(loader, group.rank()).close();
                return true;
              }
            });
    assertThat(bench.ledger.opened("session")).as("reads that were started").isZero();
    return failures;
  }

  @ParameterizedTest
  @MethodSource("refused")
  void oneRanksPartIsRefusedOnAll(Selection selection, String message) throws Exception {
    for (Distribution distribution : Distribution.values()) {
      List<Throwable> failures =
          failures((loader, rank) ->
              loader
                  .addFiles(0, List.of(sample.path))
                  .load(options(rank == BAD ? selection : Selection.all(), distribution)));
      assertThat(failures.get(BAD)).isInstanceOf(RuntimeException.class);
      for (int rank = 0; rank < RANKS; rank++) {
        Throwable failure = failures.get(rank);
        assertThat(failure).as("rank " + rank).hasMessageContaining(message);
        if (rank != BAD) {
          assertThat(failure)
              .isInstanceOf(CollectiveException.class)
              .hasMessageContaining("on rank " + rank + ", peer rank 1: failed there");
          assertThat(((CollectiveException) failure).peer()).isEqualTo(BAD);
        }
      }
    }
  }

  @Test
  void everyRanksPartIsRefusedAlike() throws Exception {
    Selection selection = by("a*", Part.slice(0, 2, 7));
    assertThat(
            failures((loader, _) ->
                loader
                    .addFiles(0, List.of(sample.path))
                    .load(options(selection, Distribution.SHARED))))
        .allSatisfy(e -> assertThat(e).hasMessageContaining("range 2:7 of dimension 0"));
  }

  @Test
  void ranksThatDistributeDifferently() throws Exception {
    List<Throwable> failures =
        failures((loader, rank) ->
            loader
                .addFiles(0, List.of(sample.path))
                .load(
                    options(
                        Selection.all(), rank == BAD ? Distribution.OWNER : Distribution.LOCAL)));
    assertThat(failures)
        .allSatisfy(e ->
            assertThat(e)
                .isInstanceOf(CollectiveException.class)
                .hasMessageEndingWith(
                    "rank 0 has 'distribution LOCAL', rank 1 has 'distribution OWNER'"));
  }

  @Test
  void aRankWithoutASelection() throws Exception {
    List<Throwable> failures =
        failures((loader, rank) ->
            loader
                .addFiles(0, List.of(sample.path))
                .load(
                    rank == BAD
                        ? LoadOptions.defaults()
                        : options(Selection.all(), Distribution.AUTO)));
    assertThat(failures)
        .allSatisfy(e ->
            assertThat(e)
                .isInstanceOf(CollectiveException.class)
                .hasMessageEndingWith("rank 0 has 'selection yes', rank 1 has 'selection none'"));
  }

  /** How a rank may see another file under the same name. */
  enum Other {
    MISSING,
    EMPTY,
    CUT,
    LONGER,
    HEADER,
    OLDER;

    /** Makes the file that the rank sees. */
    Path make(Samples sample, Path folder) throws IOException {
      Path other = folder.resolve(sample.path.getFileName());
      switch (this) {
        case MISSING -> {}
        case EMPTY -> Files.createFile(other);
        case HEADER ->
            new Samples(other).with("a.1.w", DType.F32, 4, 6).with("four", DType.F4, 3, 4).write();
        case CUT, LONGER, OLDER -> {
          Files.copy(sample.path, other);
          try (FileChannel channel = FileChannel.open(other, StandardOpenOption.WRITE)) {
            if (this == CUT) {
              channel.truncate(channel.size() - 1);
            } else if (this == LONGER) {
              channel.write(java.nio.ByteBuffer.allocate(1), channel.size());
            }
          }
          Files.setLastModifiedTime(other, FileTime.fromMillis(1_000_000_000));
        }
      }
      return other;
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFileThatOneRankSeesDifferently(Other how) throws Exception {
    Path other = how.make(sample, Files.createDirectory(folder.resolve("other")));
    for (Distribution distribution : List.of(Distribution.LOCAL, Distribution.SHARED)) {
      List<Throwable> failures =
          failures((loader, rank) ->
              loader
                  .addFiles(0, List.of(rank == BAD ? other : sample.path))
                  .load(options(Selection.all(), distribution)));
      assertThat(failures)
          .allSatisfy(e ->
              assertThat(e)
                  .isInstanceOf(LoadException.class)
                  .hasMessageContaining("rank 1 does not see ")
                  .hasMessageContaining("m as rank 0 does: ")
                  .hasMessageEndingWith(
                      "; distribution "
                          + (distribution == Distribution.LOCAL ? "local" : "shared")
                          + " needs the same files on all ranks: use owner or auto"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void ownersReadWhatOthersSeeDifferently(Other how) throws Exception {
    Path other = how.make(sample, Files.createDirectory(folder.resolve("other")));
    for (Distribution distribution : List.of(Distribution.OWNER, Distribution.AUTO)) {
      List<List<byte[]>> got =
          Ranks.run(
              RANKS,
              group -> {
                Path path = group.rank() == BAD ? other : sample.path;
                LoadOptions options = options(Selection.of(Part.shard(0)), distribution);
                try (Loader loader = bench.loader(group).addFiles(0, List.of(path));
                    FileBuffer buffer = loader.load(options)) {
                  assertThat(loader.explain().distribution()).contains(Distribution.OWNER);
                  List<byte[]> bytes = new ArrayList<>();
                  for (String name : List.of("a.1.w", "four")) {
                    try (Tensor tensor = buffer.tensor(name)) {
                      bytes.add(Samples.bytesOf(tensor));
                    }
                  }
                  return bytes;
                }
              });
      for (int rank = 0; rank < RANKS; rank++) {
        assertThat(got.get(rank).getFirst()).isEqualTo(third("a.1.w", rank));
        assertThat(got.get(rank).getLast()).isEqualTo(third("four", rank));
      }
    }
  }

  private byte[] third(String name, int rank) {
    byte[] all = sample.bytes.get(name);
    return java.util.Arrays.copyOfRange(
        all, rank * all.length / RANKS, (rank + 1) * all.length / RANKS);
  }
}
