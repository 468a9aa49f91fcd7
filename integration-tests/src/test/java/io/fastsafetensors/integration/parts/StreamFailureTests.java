// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.integration.fuse.FaultyFolder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Streams that fail on the way: what was given out stays, all ranks hear of it, nothing is left.
 */
@Timeout(120)
@Tag("slow")
class StreamFailureTests {
  private static final int TENSORS = 24;
  private static final int BEFORE = 3;

  @TempDir private Path folder;

  private NumberedFile file;

  @BeforeEach
  void write() throws Exception {
    List<Long> rows = Collections.nCopies(TENSORS, 256L);
    file = new NumberedFile(folder.resolve("m.safetensors"), rows, 1024).write();
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    assertThat(Leftovers.of(folder)).isEmpty();
  }

  private static StreamOptions window(LoadOptions load) {
    return StreamOptions.builder().window(8 << 20).load(load).build();
  }

  private void cutOff() throws Exception {
    try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() / 2);
    }
  }

  @ParameterizedTest
  @CsvSource({"cpu, cpu", "cpu, posix", "sim:0, sim", "sim:0, posix"})
  void aFileThatIsCutOff(String device, String backend) throws Exception {
    LoadOptions load = LoadOptions.builder().backend(backend).path(AccessPath.COPIED).build();
    List<StreamedTensor> given = new ArrayList<>();
    try (Loader loader = Loader.open(Device.parse(device), file.path());
        TensorStream stream = loader.stream(window(load))) {
      for (int i = 0; i < BEFORE; i++) {
        given.add(stream.next().orElseThrow());
      }
      cutOff();
      assertThatExceptionOfType(LoadException.class)
          .isThrownBy(() -> given.addAll(rest(stream)))
          .withMessageContaining(file.path().toString());
      assertThatExceptionOfType(LoadException.class).isThrownBy(stream::next);
    }
    for (StreamedTensor tensor : given) {
      file.check(tensor);
      tensor.close();
    }
  }

  /** The disk error itself, and nothing but right bytes before it. */
  @ParameterizedTest
  @CsvSource({
    "cpu, MAPPED, AUTO",
    "cpu, COPIED, AUTO",
    "posix, AUTO, AUTO",
    "posix, MAPPED, OFF",
    "posix, COPIED, ON"
  })
  void aDiskErrorInTheMiddle(String backend, AccessPath path, DirectMode direct) throws Exception {
    LoadOptions load = LoadOptions.builder().backend(backend).path(path).direct(direct).build();
    Path source = Files.createDirectory(folder.resolve("source")).resolve("m.safetensors");
    Files.move(file.path(), source);
    try (FaultyFolder faulty =
        FaultyFolder.mount(source, folder.resolve("mount"), Files.size(source) / 2)) {
      Path bad = faulty.file(source);
      AtomicInteger came = new AtomicInteger();
      assertThatExceptionOfType(LoadException.class)
          .isThrownBy(() -> stream(Loader.open(bad), load, came))
          .withMessageContaining(bad.toString());
      assertThat(came).hasValueBetween(1, TENSORS / 2);
      for (Distribution distribution : List.of(Distribution.OWNER, Distribution.SHARED)) {
        LoadOptions shared = load.toBuilder().distribution(distribution).build();
        List<Optional<Throwable>> thrown =
            ThreadRanks.run(3, group -> stream(loader(group, bad), shared, new AtomicInteger()));
        assertThat(thrown)
            .allSatisfy(failure ->
                assertThat(failure)
                    .get()
                    .isInstanceOf(LoadException.class)
                    .asString()
                    .contains(bad.toString()));
        assertThat(Leftovers.of(folder)).isEmpty();
      }
    }
  }

  private void stream(Loader opened, LoadOptions load, AtomicInteger came) throws Exception {
    try (Loader loader = opened;
        TensorStream stream = loader.stream(window(load))) {
      stream.consume(tensor -> {
        file.check(tensor);
        came.incrementAndGet();
      });
    }
  }

  private static List<StreamedTensor> rest(TensorStream stream) throws LoadException {
    List<StreamedTensor> came = new ArrayList<>();
    try {
      for (Optional<StreamedTensor> next = stream.next(); next.isPresent(); next = stream.next()) {
        next.get().close();
      }
      return came;
    } catch (LoadException e) {
      came.forEach(StreamedTensor::close);
      throw e;
    }
  }

  /** Ranks that read for each other, whose page cache is none of their common ground. */
  private static LoadOptions exchanged(Distribution distribution) {
    return LoadOptions.builder()
        .path(AccessPath.COPIED)
        .direct(DirectMode.ON)
        .backend("posix")
        .distribution(distribution)
        .build();
  }

  private Loader loader(ProcessGroup group) {
    return loader(group, file.path());
  }

  private static Loader loader(ProcessGroup group, Path path) {
    return Loader.builder().group(group).device(Device.CPU).build().addFiles(0, List.of(path));
  }

  @ParameterizedTest
  @EnumSource(
      value = Distribution.class,
      names = {"OWNER", "SHARED"})
  void oneRankClosesEarly(Distribution distribution) throws Exception {
    List<Optional<Throwable>> thrown =
        ThreadRanks.run(
            3,
            group -> {
              try (Loader loader = loader(group);
                  TensorStream stream = loader.stream(window(exchanged(distribution)))) {
                if (group.rank() == 1) {
                  for (int i = 0; i < BEFORE; i++) {
                    stream.next().orElseThrow().close();
                  }
                } else {
                  stream.consume(file::check);
                }
              }
            });
    assertThat(thrown.get(1)).isEmpty();
    for (int rank : List.of(0, 2)) {
      assertThat(thrown.get(rank))
          .get()
          .isInstanceOf(CollectiveException.class)
          .asString()
          .contains("peer rank 1", "cancelled");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Distribution.class,
      names = {"OWNER", "SHARED"})
  void allRanksCloseEarly(Distribution distribution) throws Exception {
    for (int point = 0; point < TENSORS; point += 5) {
      int end = point;
      ThreadRanks.runWell(
          2,
          group -> {
            try (Loader loader = loader(group)) {
              try (TensorStream stream = loader.stream(window(exchanged(distribution)))) {
                for (int i = 0; i < end; i++) {
                  stream.next().orElseThrow().close();
                }
              }
              try (TensorStream stream = loader.stream(window(exchanged(distribution)))) {
                stream.consume(file::check);
              }
            }
          });
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Distribution.class,
      names = {"OWNER", "SHARED"})
  void aFileThatIsCutOffIsEverybodysError(Distribution distribution) throws Exception {
    List<Optional<Throwable>> thrown =
        ThreadRanks.run(
            3,
            group -> {
              try (Loader loader = loader(group);
                  TensorStream stream = loader.stream(window(exchanged(distribution)))) {
                for (int i = 0; i < BEFORE; i++) {
                  stream.next().orElseThrow().close();
                }
                if (group.rank() == 0) {
                  cutOff();
                }
                stream.consume(file::check);
              }
            });
    for (int rank = 0; rank < 3; rank++) {
      assertThat(thrown.get(rank))
          .get()
          .isInstanceOf(LoadException.class)
          .asString()
          .contains(file.path().getFileName().toString());
    }
  }

  /** While a stream of the group is open, the group is the stream's. */
  @ParameterizedTest
  @EnumSource(
      value = Distribution.class,
      names = {"OWNER", "LOCAL"})
  void aGroupDoesOneThingAtATime(Distribution distribution) throws Exception {
    ThreadRanks.runWell(
        2,
        group -> {
          try (Loader loader = loader(group);
              TensorStream stream = loader.stream(window(exchanged(distribution)))) {
            stream.next().orElseThrow().close();
            if (distribution == Distribution.OWNER) {
              assertThatExceptionOfType(IllegalStateException.class)
                  .isThrownBy(loader::keys)
                  .withMessageContaining("a stream of the group is open");
            }
            stream.consume(file::check);
            assertThat(loader.keys()).hasSize(TENSORS);
          }
        });
  }

  /** The window of all is the smallest. */
  @ParameterizedTest
  @EnumSource(Distribution.class)
  void ranksAgreeOnTheSmallestWindow(Distribution distribution) throws Exception {
    ThreadRanks.runWell(
        3,
        group -> {
          StreamOptions options =
              window(exchanged(distribution)).toBuilder()
                  .window((12L - group.rank()) << 20)
                  .build();
          try (Loader loader = loader(group);
              TensorStream stream = loader.stream(options)) {
            assertThat(stream.window()).isEqualTo(10 << 20);
            stream.consume(file::check);
            assertThat(stream.mostHeld()).isLessThanOrEqualTo(stream.window());
          }
        });
  }
}
