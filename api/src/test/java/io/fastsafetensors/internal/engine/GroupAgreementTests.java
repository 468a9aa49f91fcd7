// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.FileReport;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.HeaderFormatException;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ranks that don't ask for the same get the same clear error, before any data moves. */
class GroupAgreementTests {
  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private Path a;
  private Path b;

  @BeforeEach
  void writeFiles() throws IOException {
    a = new Samples(folder.resolve("a")).with("a", DType.F32, 4).write().path;
    b = new Samples(folder.resolve("b")).with("b", DType.F32, 4).write().path;
  }

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
  }

  @Test
  void filesWithoutARankAreDealtOutOneByOne() throws Exception {
    Path c = new Samples(folder.resolve("c")).with("c", DType.F32, 4).write().path;
    List<List<Path>> read =
        Ranks.run(
            2,
            group -> {
              try (Loader loader = bench.loader(group).addFiles(a).addFiles(b, c)) {
                loader.load().close();
                return loader.explain().files().stream().map(FileReport::file).toList();
              }
            });
    assertThat(read).containsExactly(List.of(a, c), List.of(b));
  }

  /** What one rank does with its loader. */
  private interface Call {
    void on(Loader loader, int rank) throws IOException;
  }

  private List<Throwable> failures(int size, Call call) throws InterruptedException {
    List<Throwable> failures =
        Ranks.failures(
            size,
            group -> {
              try (Loader loader = bench.loader(group)) {
                call.on(loader, group.rank());
                return true;
              }
            });
    assertThat(bench.ledger.opened("session")).as("reads that were started").isZero();
    return failures;
  }

  private void disagree(String difference, Call call) throws InterruptedException {
    List<Throwable> failures = failures(3, call);
    for (int rank = 0; rank < 3; rank++) {
      assertThat(failures.get(rank))
          .isInstanceOf(CollectiveException.class)
          .hasMessageMatching(
              "agreement on rank %d, peer rank \\d: the ranks disagree: .*".formatted(rank))
          .hasMessageEndingWith(difference);
    }
    assertThat(failures).extracting(e -> ((CollectiveException) e).peer()).containsOnly(2);
  }

  @Test
  void otherFiles() throws Exception {
    disagree(
        "rank 0 has 'rank 0: a', rank 2 has 'rank 0: b'",
        (loader, rank) -> loader.addFiles(0, List.of(rank == 2 ? b : a)).load());
  }

  @Test
  void moreFiles() throws Exception {
    disagree(
        "rank 0 has 'headers unread', rank 2 has 'rank 1: b'",
        (loader, rank) -> {
          loader.addFiles(0, List.of(a));
          if (rank == 2) {
            loader.addFiles(1, List.of(b));
          }
          loader.load();
        });
  }

  @Test
  void noFilesOnOneRank() throws Exception {
    disagree(
        "rank 0 has 'rank 0: a', rank 2 has 'headers unread'",
        (loader, rank) -> {
          if (rank != 2) {
            loader.addFiles(0, List.of(a));
          }
          loader.load();
        });
  }

  @Test
  void anotherOrder() throws Exception {
    disagree(
        "rank 0 has 'rank 0: a', rank 2 has 'rank 0: b'",
        (loader, rank) -> loader.addFiles(0, rank == 2 ? List.of(b, a) : List.of(a, b)).load());
  }

  @Test
  void otherOwners() throws Exception {
    disagree(
        "rank 0 has 'rank 0: a', rank 2 has 'rank 1: a'",
        (loader, rank) -> loader.addFiles(rank / 2, List.of(a)).load());
  }

  @Test
  void anotherType() throws Exception {
    disagree(
        "rank 0 has 'dtype F16', rank 2 has 'dtype as in the file'",
        (loader, rank) -> {
          LoadOptions.Builder options = LoadOptions.builder();
          if (rank != 2) {
            options.dtype(DType.F16);
          }
          loader.addFiles(0, List.of(a)).load(options.build());
        });
  }

  @Test
  void anotherRuleOfTypes() throws Exception {
    disagree(
        "rank 0 has 'dtype rules [a*=F16]', rank 2 has 'dtype rules [a*=asis]'",
        (loader, rank) -> {
          LoadOptions.Builder options = LoadOptions.builder();
          var _ = rank == 2 ? options.keepDtype("a*") : options.dtype("a*", DType.F16);
          loader.addFiles(0, List.of(a)).load(options.build());
        });
  }

  @Test
  void anotherFilter() throws Exception {
    disagree(
        "rank 0 has 'filters [a*]', rank 2 has 'filters [b*]'",
        (loader, rank) ->
            loader
                .addFiles(0, List.of(a))
                .load(LoadOptions.builder().filter(rank == 2 ? "b*" : "a*").build()));
  }

  @Test
  void anotherCache() throws Exception {
    disagree(
        "rank 0 has 'cache false', rank 2 has 'cache true'",
        (loader, rank) ->
            loader.addFiles(0, List.of(a)).load(LoadOptions.builder().cache(rank == 2).build()));
  }

  @Test
  void anotherCall() throws Exception {
    disagree(
        "rank 0 has 'call: load', rank 2 has 'call: keys'",
        (loader, rank) -> {
          loader.addFiles(0, List.of(a));
          var _ = rank == 2 ? loader.keys() : loader.load();
        });
  }

  @Test
  void headersThatOneRankHasNotSeen() throws Exception {
    List<Throwable> failures =
        failures(
            2,
            (loader, rank) -> {
              loader.addFiles(0, List.of(a)).keys();
              if (rank == 1) {
                loader.reset().addFiles(0, List.of(a));
              }
              loader.load();
            });
    assertThat(failures)
        .allSatisfy(e ->
            assertThat(e.getMessage())
                .containsPattern("rank 0 has 'headers [0-9a-f]{64}', rank 1 has 'headers unread'"));
  }

  @Test
  void aRankThatIsElsewhere() throws Exception {
    List<Throwable> failures =
        Ranks.failures(
            2,
            group -> {
              if (group.rank() == 1) {
                group.allGather(new byte[] {1, 2, 3});
                throw new IllegalStateException("this rank did not load");
              }
              try (Loader loader = bench.loader(group).addFiles(0, List.of(a))) {
                return loader.load();
              }
            });
    assertThat(failures.getFirst())
        .hasMessage(
            "agreement on rank 0, peer rank 1: the ranks disagree: it is at something else");
  }

  @Test
  void otherFoldersAreNoDisagreement() throws Exception {
    Path copy = Files.createDirectory(folder.resolve("copy")).resolve("a");
    Files.copy(a, copy);
    List<Set<String>> keys =
        Ranks.run(
            2,
            group -> {
              try (Loader loader =
                      bench.loader(group).addFiles(0, List.of(group.rank() == 0 ? a : copy));
                  FileBuffer buffer = loader.load()) {
                return buffer.keys();
              }
            });
    assertThat(keys).containsExactly(Set.of("a"), Set.of("a"));
  }

  @Test
  void aMissingFileIsNamedOnEveryRank() throws Exception {
    Path missing = folder.resolve("missing");
    List<Throwable> failures =
        failures(3, (loader, rank) -> loader.addFiles(1, List.of(missing)).load());
    String reason = "can't read " + missing + ": there is no such file";
    assertThat(failures.get(1)).isInstanceOf(LoadException.class).hasMessage(reason);
    for (int rank : List.of(0, 2)) {
      assertThat(failures.get(rank))
          .isInstanceOf(CollectiveException.class)
          .hasMessage(
              "headers on rank %d, peer rank 1: failed there: LoadException: %s"
                  .formatted(rank, reason));
    }
  }

  @Test
  void aMalformedHeaderIsTheSameErrorOnEveryRank() throws Exception {
    Path bad = Files.write(folder.resolve("bad"), new byte[] {2, 0, 0, 0, 0, 0, 0, 0, '[', ']'});
    List<Throwable> failures =
        failures(2, (loader, rank) -> loader.addFiles(1, List.of(bad)).load());
    assertThat(failures)
        .allSatisfy(e -> assertThat(e).isInstanceOf(HeaderFormatException.class))
        .extracting(Throwable::getMessage)
        .containsOnly(failures.getFirst().getMessage());
  }

  @Test
  void aNameInTwoFilesIsTheSameErrorOnEveryRank() throws Exception {
    Path twin = new Samples(folder.resolve("twin")).with("a", DType.U8, 1).write().path;
    List<Throwable> failures =
        failures(
            2, (loader, rank) -> loader.addFiles(0, List.of(a)).addFiles(1, List.of(twin)).load());
    assertThat(failures)
        .allSatisfy(e -> assertThat(e).hasMessageContaining("tensor 'a' is in two files"));
  }

  @Test
  void aFilterThatMatchesNothingIsTheSameErrorOnEveryRank() throws Exception {
    LoadOptions options = LoadOptions.builder().filter("c*").build();
    List<Throwable> failures =
        failures(
            3,
            (loader, rank) -> loader.addFiles(0, List.of(a)).addFiles(1, List.of(b)).load(options));
    assertThat(failures)
        .hasOnlyElementsOfType(IllegalArgumentException.class)
        .extracting(Throwable::getMessage)
        .containsOnly(failures.getFirst().getMessage())
        .first()
        .asString()
        .contains("filter: no tensor matches 'c*'; the nearest of 2: 'a'");
  }

  @Test
  void aLoaderGoesOnAfterADisagreement() throws Exception {
    Ranks.run(
        2,
        group -> {
          try (Loader loader = bench.loader(group).addFiles(0, List.of(a))) {
            LoadOptions mine = LoadOptions.builder().filter("a" + group.rank()).build();
            assertThat(catchThrowable(() -> loader.load(mine)))
                .isInstanceOf(CollectiveException.class);
            try (FileBuffer buffer = loader.load()) {
              buffer.tensor("a").close();
              return true;
            }
          }
        });
  }

  @Test
  void subgroupsAgreeAmongThemselves() throws Exception {
    List<List<String>> keys =
        Ranks.run(
            4,
            group -> {
              List<String> names = new ArrayList<>();
              try (ProcessGroup half = group.split(group.rank() % 2, -group.rank());
                  Loader loader =
                      bench.loader(half).addFiles(1, List.of(group.rank() % 2 == 0 ? a : b));
                  FileBuffer buffer = loader.load()) {
                for (String name : buffer.keys()) {
                  buffer.tensor(name).close();
                  names.add(name);
                }
              }
              return names;
            });
    assertThat(keys).containsExactly(List.of("a"), List.of("b"), List.of("a"), List.of("b"));
  }
}
