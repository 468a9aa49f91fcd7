// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProgressListener;
import io.fastsafetensors.Selection;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.integration.fuse.FaultyFolder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A file that breaks while ranks read and exchange it: each of them says which one, and is left
 * with nothing.
 */
@Timeout(240)
class FileFaultTests {
  private static final int RANKS = 3;

  /** The rank whose file breaks. */
  private static final int BAD = 1;

  /** A file of several chunks, of which the last is not read before the first was used. */
  private static final Shape LARGE = Shape.of(3000, 16_000);

  private static final Shape SMALL = Shape.of(30, 60);

  /** The first chunk is whole, the last isn't. */
  private static final long GOOD_BYTES = 20_000_000;

  @TempDir private static Path folder;

  private static List<Path> files() {
    List<Path> files = new ArrayList<>();
    for (int rank = 0; rank < RANKS; rank++) {
      files.add(folder.resolve("source").resolve("of" + rank + ".safetensors"));
    }
    return files;
  }

  @BeforeAll
  static void write() throws IOException {
    Files.createDirectory(folder.resolve("source"));
    try (Arena arena = Arena.ofConfined()) {
      for (int rank = 0; rank < RANKS; rank++) {
        Shape shape = rank == BAD ? LARGE : SMALL;
        new SafetensorsWriter()
            .add("t" + rank, DType.U8, shape, arena.allocate(shape.elements()))
            .write(files().get(rank));
      }
    }
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    assertThat(Leftovers.of(folder)).isEmpty();
  }

  /** Loads on all ranks, and touches what was loaded; returns what each threw. */
  private static List<Optional<Throwable>> load(List<Path> files, LoadOptions options)
      throws Exception {
    return ThreadRanks.run(
        RANKS,
        group -> {
          try (Loader loader = Loader.builder().group(group).build()) {
            for (int rank = 0; rank < RANKS; rank++) {
              loader.addFiles(rank, List.of(files.get(rank)));
            }
            try (FileBuffer buffer = loader.load(options)) {
              for (String name : buffer.keys()) {
                try (Tensor tensor = buffer.tensor(name);
                    Arena arena = Arena.ofConfined()) {
                  tensor.toHost(arena.allocate(tensor.byteSize()));
                }
              }
            }
          }
        });
  }

  private static LoadOptions options(
      String backend, AccessPath path, DirectMode direct, Distribution distribution) {
    return LoadOptions.builder()
        .selection(Selection.of(Part.shard(1)))
        .backend(backend)
        .path(path)
        .direct(direct)
        .distribution(distribution)
        .build();
  }

  /** Fails unless every rank failed and named the file; and the rank, where only that one reads. */
  private static void checkNamed(
      List<Optional<Throwable>> thrown, Distribution distribution, Path file) {
    for (int rank = 0; rank < RANKS; rank++) {
      String what = distribution + ", rank " + rank;
      assertThat(thrown.get(rank)).as(what).isPresent();
      Throwable failure = thrown.get(rank).orElseThrow();
      assertThat(failure)
          .as(what)
          .isInstanceOf(LoadException.class)
          .hasMessageContaining(file.toString());
      if (distribution == Distribution.OWNER && rank != BAD) {
        assertThat(failure).as(what).isInstanceOf(CollectiveException.class);
        assertThat(((CollectiveException) failure).peer()).as(what).isEqualTo(BAD);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "cpu, MAPPED, AUTO",
    "cpu, COPIED, AUTO",
    "posix, AUTO, AUTO",
    "posix, MAPPED, OFF",
    "posix, COPIED, ON"
  })
  void aDiskErrorInTheMiddle(String backend, AccessPath path, DirectMode direct) throws Exception {
    Path bad = files().get(BAD);
    try (FaultyFolder faulty = FaultyFolder.mount(bad, folder.resolve("mount"), GOOD_BYTES)) {
      List<Path> files = files().stream().map(faulty::file).toList();
      for (Distribution distribution : Distribution.values()) {
        LoadOptions options = options(backend, path, direct, distribution);
        checkNamed(load(files, options), distribution, files.get(BAD));
        nothingIsLeft();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "cpu, MAPPED, AUTO",
    "cpu, COPIED, AUTO",
    "posix, AUTO, AUTO",
    "posix, MAPPED, OFF",
    "posix, COPIED, ON"
  })
  void aFileThatIsCutWhileItIsRead(String backend, AccessPath path, DirectMode direct)
      throws Exception {
    Path cut = folder.resolve("cut.safetensors");
    UnaryOperator<Path> replaced = file -> file.equals(files().get(BAD)) ? cut : file;
    List<Path> files = files().stream().map(replaced).toList();
    for (Distribution distribution : Distribution.values()) {
      Files.copy(files().get(BAD), cut, StandardCopyOption.REPLACE_EXISTING);
      Cutter cutter = new Cutter(cut);
      // One block after the other: nobody reads a second one before the file is cut.
      LoadOptions options =
          options(backend, path, direct, distribution).toBuilder()
              .threads(1)
              .blockBytes(1 << 20)
              .progress(cutter)
              .build();
      checkNamed(load(files, options), distribution, cut);
      assertThat(cutter.isCut).isTrue();
      nothingIsLeft();
    }
  }

  /** Cuts a file when a rank has read its first bytes; the others wait for that. */
  private static final class Cutter implements ProgressListener {
    private final Path file;
    private boolean isCut;

    Cutter(Path file) {
      this.file = file;
    }

    @Override
    public synchronized void onProgress(long done, long total) {
      if (!isCut) {
        isCut = true;
        cut(file);
      }
    }
  }

  private static void cut(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(GOOD_BYTES);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
