// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Selection;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.engine.PartRefusalTests.Other;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ranks choose who reads what by the hosts that they run on, and by what these have. */
@Timeout(120)
class SeveralHostsTests {
  private static final Duration TIMEOUT = Duration.ofMinutes(1);
  private static final List<String> ONE_HOST = List.of("a", "a", "a");
  private static final List<String> TWO_HOSTS = List.of("a", "b", "a");

  /** The rank that is alone on its host. */
  private static final int ALONE = 1;

  @TempDir private Path folder;
  private final List<Bench> benches = List.of(new Bench(), new Bench(), new Bench());
  private Samples sample;

  @BeforeEach
  void writeFile() throws IOException {
    sample =
        new Samples(folder.resolve("m"))
            .with("a.1.w", DType.F32, 6, 4)
            .with("four", DType.F4, 3, 4)
            .write();
  }

  @AfterEach
  void nothingIsLeft() {
    benches.forEach(bench -> bench.ledger.assertAllClosedOnce());
  }

  private Loader loader(int rank, List<String> hosts, ProcessGroup group) {
    return new DefaultLoader(
        benches.get(rank).registry(), Device.CPU, OnHost.of(hosts.get(rank), group), TIMEOUT);
  }

  /** Has all ranks load all of a file, which one of them may see as another one. */
  private List<LoadReport> load(List<String> hosts, LoadOptions options, Path ofAlone)
      throws InterruptedException {
    return Ranks.run(
        hosts.size(),
        group -> {
          AtomicLong last = new AtomicLong();
          AtomicLong whole = new AtomicLong();
          LoadOptions own =
              options.toBuilder()
                  .selection(Selection.all())
                  .progress((done, total) -> {
                    last.set(done);
                    whole.set(total);
                  })
                  .build();
          Path path = group.rank() == ALONE ? ofAlone : sample.path;
          try (Loader loader = loader(group.rank(), hosts, group).addFiles(0, List.of(path));
              FileBuffer buffer = loader.load(own)) {
            for (String name : sample.bytes.keySet()) {
              try (Tensor tensor = buffer.tensor(name)) {
                assertThat(Samples.bytesOf(tensor)).isEqualTo(sample.bytes.get(name));
              }
            }
            assertThat(last).as("progress").hasValue(whole.get());
            return loader.explain();
          }
        });
  }

  private List<LoadReport> load(List<String> hosts, Distribution distribution, DirectMode direct)
      throws InterruptedException {
    LoadOptions options = LoadOptions.builder().distribution(distribution).direct(direct).build();
    return load(hosts, options, sample.path);
  }

  private static Predicate<LoadReport> isFor(Distribution how, String code) {
    return report ->
        report.distribution().orElseThrow() == how
            && report.distributionReason().code().equals(code);
  }

  @Test
  void onOneHostThePageCacheIsTheExchange() throws Exception {
    for (boolean isCached : new boolean[] {false, true}) {
      benches.forEach(bench -> bench.first.isCached = isCached);
      assertThat(load(ONE_HOST, Distribution.AUTO, DirectMode.AUTO))
          .allMatch(isFor(Distribution.SHARED, "distribution.page-cache"))
          .allMatch(report -> report.receivedBytes() == 0);
    }
    assertThat(load(ONE_HOST, Distribution.SHARED, DirectMode.AUTO))
        .allMatch(report -> report.receivedBytes() == 0);
  }

  /** Also where all rows come out of what was read ahead. */
  @Test
  void whatIsReadIntoThePageCacheIsProgress() throws Exception {
    List<Long> bytes =
        Ranks.run(
            ONE_HOST.size(),
            group -> {
              AtomicLong done = new AtomicLong();
              LoadOptions options =
                  LoadOptions.builder()
                      .selection(Selection.of(Part.slice(1, 0, 2)))
                      .distribution(Distribution.SHARED)
                      .progress((now, _) -> done.set(now))
                      .build();
              try (Loader loader =
                  loader(group.rank(), ONE_HOST, group).addFiles(0, List.of(sample.path))) {
                loader.load(options).close();
              }
              return done.get();
            });
    assertThat(bytes).as("%s", bytes).allMatch(done -> done > 0);
  }

  @Test
  void whoReadsPastThePageCacheExchanges() throws Exception {
    assertExchanged(load(ONE_HOST, Distribution.SHARED, DirectMode.ON));
    List<LoadReport> chosen = load(ONE_HOST, Distribution.AUTO, DirectMode.ON);
    assertThat(chosen).allMatch(isFor(Distribution.SHARED, "distribution.overlap"));
    assertExchanged(chosen);
  }

  @Test
  void twoHostsHaveNoPageCacheInCommon() throws Exception {
    assertExchanged(load(TWO_HOSTS, Distribution.SHARED, DirectMode.AUTO));
    List<LoadReport> chosen = load(TWO_HOSTS, Distribution.AUTO, DirectMode.AUTO);
    assertThat(chosen).allMatch(isFor(Distribution.SHARED, "distribution.overlap"));
    assertExchanged(chosen);
  }

  /** Each byte came from one rank, and all but that one got it from there. */
  private void assertExchanged(List<LoadReport> reports) {
    long bytes = sample.bytes.values().stream().mapToLong(all -> all.length).sum();
    assertThat(reports.stream().mapToLong(LoadReport::receivedBytes).sum())
        .isEqualTo((reports.size() - 1) * bytes);
  }

  @Test
  void eachReadsItsOwnWhereAllCachesHaveTheFiles() throws Exception {
    benches.forEach(bench -> bench.first.isCached = true);
    assertThat(load(TWO_HOSTS, Distribution.AUTO, DirectMode.AUTO))
        .allMatch(isFor(Distribution.LOCAL, "distribution.cached"))
        .allMatch(report -> report.receivedBytes() == 0);
    for (int rank = 0; rank < benches.size(); rank++) {
      benches.get(rank).first.isCached = false;
      assertThat(load(TWO_HOSTS, Distribution.AUTO, DirectMode.AUTO))
          .as("rank %d lacks them", rank)
          .allMatch(isFor(Distribution.SHARED, "distribution.overlap"));
      benches.get(rank).first.isCached = true;
    }
  }

  /** A copy has a time of its own; by size and header it is the same file. */
  @Test
  void anotherHostMayHaveACopy() throws Exception {
    Path copy = Other.OLDER.make(sample, Files.createDirectory(folder.resolve("other")));
    for (Distribution distribution : Distribution.values()) {
      LoadOptions options = LoadOptions.builder().distribution(distribution).build();
      assertThat(load(TWO_HOSTS, options, copy))
          .extracting(report -> report.distribution().orElseThrow())
          .containsOnly(distribution == Distribution.AUTO ? Distribution.SHARED : distribution);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "OLDER")
  void aHostWithAnotherFileIsNamedWithTheNumbers(Other how) throws Exception {
    Path other = how.make(sample, Files.createDirectory(folder.resolve("other")));
    String numbers =
        switch (how) {
          case MISSING -> "there is no such file";
          case EMPTY -> "an empty file";
          case CUT -> "the tensors take 102 bytes after the header, the file has 101";
          case LONGER, OLDER -> "the tensors take 102 bytes after the header, the file has 103";
          case HEADER ->
              "it has tensor 'a.1.w' F32 [6, 4] at bytes 0 to 96 of the data there,"
                  + " 'a.1.w' F32 [4, 6] at bytes 0 to 96 of the data here";
        };
    for (Distribution distribution : List.of(Distribution.LOCAL, Distribution.SHARED)) {
      List<Throwable> failures =
          Ranks.failures(
              TWO_HOSTS.size(),
              group -> {
                Path path = group.rank() == ALONE ? other : sample.path;
                LoadOptions options =
                    LoadOptions.builder()
                        .selection(Selection.of(Part.shard(0)))
                        .distribution(distribution)
                        .build();
                try (Loader loader =
                    loader(group.rank(), TWO_HOSTS, group).addFiles(0, List.of(path))) {
                  loader.load(options).close();
                  return true;
                }
              });
      assertThat(failures)
          .allSatisfy(e ->
              assertThat(e)
                  .isInstanceOf(LoadException.class)
                  .hasMessageContaining("rank 1 does not see ")
                  .hasMessageContaining("m as rank 0 does: ")
                  .hasMessageContaining(numbers));
      assertThat(benches).allMatch(bench -> bench.ledger.opened("session") == 0);
    }
    assertThat(load(TWO_HOSTS, LoadOptions.builder().build(), other))
        .allMatch(isFor(Distribution.OWNER, "distribution.not-shared"))
        .allMatch(report -> report.distributionReason().toString().contains(numbers));
    assertThat(IntStream.range(1, 3)).allMatch(rank -> benches.get(rank).first.submitted.isEmpty());
  }
}
