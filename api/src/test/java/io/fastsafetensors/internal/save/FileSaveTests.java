// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.fastsafetensors.internal.file.FileRights;
import io.fastsafetensors.internal.file.TemporaryFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes from everywhere come to their places, whoever brings them in which order. */
class FileSaveTests {
  private static final int SIZE = 5_000_017;

  @TempDir private Path folder;
  private final byte[] bytes = new byte[SIZE];

  private OutputPlan plan(List<Extent> extents) {
    new Random(1).nextBytes(bytes);
    return new OutputPlan(
        folder.resolve("file"), TemporaryFiles.in(folder), FileRights.NEW, extents);
  }

  private static SaveTuning tuning(boolean direct) {
    return new SaveTuning(3, 2, 1 << 20, direct);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void takesPiecesOfAllSizesFromSeveralThreads(boolean direct) throws Exception {
    Extent all = new Extent("all", 0, SIZE, Content.Arriving.BYTES);
    OutputPlan plan = plan(List.of(all));
    List<int[]> pieces = new ArrayList<>();
    Random random = new Random(2);
    for (int from = 0; from < SIZE; ) {
      int length = Math.min(SIZE - from, 1 + random.nextInt(random.nextBoolean() ? 300 : 300_000));
      pieces.add(new int[] {from, length});
      from += length;
    }
    Collections.shuffle(pieces, random);
    try (FileSave save = new FileSave(List.of(plan), tuning(direct), SaveControl.NONE);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> brought = new ArrayList<>();
      for (int[] piece : pieces) {
        brought.add(
            threads.submit(() -> {
              save.put(0, all, piece[0], content(piece[0], piece[1]), 0, piece[1]);
              return piece;
            }));
      }
      for (Future<?> each : brought) {
        each.get();
      }
      save.finish();
      save.files().getFirst().moveTo(plan.path());
    }
    assertThat(plan.path()).hasBinaryContent(bytes);
  }

  private MemoryContent content(int from, int length) {
    return new MemoryContent(MemorySegment.ofArray(bytes).asSlice(from, length));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void joinsWhatIsPlacedPushedAndBrought(boolean direct) throws IOException {
    List<Extent> extents = new ArrayList<>();
    Random random = new Random(3);
    for (int from = 0; from < SIZE; ) {
      int start = from;
      int length = Math.min(SIZE - from, random.nextInt(700_000));
      Content content =
          switch (random.nextInt(3)) {
            case 0 -> content(start, length);
            case 1 ->
                (Content.Pushed)
                    channel -> {
                      for (int at = 0; at < length; at += 1000) {
                        channel.write(
                            ByteBuffer.wrap(bytes, start + at, Math.min(1000, length - at)));
                      }
                    };
            default -> Content.Arriving.BYTES;
          };
      extents.add(new Extent("e" + from, from, length, content));
      from += length;
    }
    OutputPlan plan = plan(extents);
    try (FileSave save = new FileSave(List.of(plan), tuning(direct), SaveControl.NONE)) {
      for (Extent extent : extents.reversed()) {
        if (extent.content() instanceof Content.Arriving) {
          int start = (int) extent.position();
          save.put(0, extent, 0, content(0, SIZE), start, extent.bytes());
        }
      }
      save.fill();
      save.finish();
      save.files().getFirst().moveTo(plan.path());
    }
    assertThat(plan.path()).hasBinaryContent(bytes);
  }

  /** Columns of the file, as if it were a matrix: what one writes is between what others write. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void severalWriteToTheSameFile(boolean direct) throws IOException {
    int pitch = 12_345;
    int[] columns = {0, 1, 500, 4096, pitch};
    OutputPlan whole = plan(List.of(new Extent("", 0, SIZE, Content.Arriving.BYTES)));
    List<FileSave> saves = new ArrayList<>();
    try {
      for (int i = 0; i + 1 < columns.length; i++) {
        List<Extent> extents = columns(columns[i], columns[i + 1], pitch, i % 2 == 0);
        OutputPlan plan =
            new OutputPlan(whole.path(), whole.temporary(), whole.rights(), extents, SIZE, i > 0);
        saves.add(new FileSave(List.of(plan), tuning(direct), SaveControl.NONE));
      }
      for (FileSave save : saves.reversed()) {
        Extent first = save.files().getFirst().plan().extents().getFirst();
        if (first.content() instanceof Content.Arriving) {
          long half = first.bytes() / 2 + 1;
          MemoryContent content = column(first);
          save.put(0, first, half, content, half, first.bytes() - half);
          save.put(0, first, 0, content, 0, half);
        }
        save.fill();
        save.finish();
      }
      saves.getFirst().files().getFirst().moveTo(whole.path());
    } finally {
      saves.reversed().forEach(FileSave::close);
    }
    assertThat(whole.path()).hasBinaryContent(bytes);
  }

  /** Returns the rows of a column that are whole, and what the last, short one has of it. */
  private List<Extent> columns(int from, int to, int pitch, boolean arrives) {
    int rows = SIZE / pitch;
    int rest = Math.clamp(SIZE - (long) rows * pitch - from, 0, to - from);
    Extent place = new Extent("", from, rows, to - from, pitch, Content.Arriving.BYTES, 0);
    Extent extent =
        arrives ? place : new Extent("", from, rows, to - from, pitch, column(place), 0);
    int last = rows * pitch + from;
    return List.of(extent, new Extent("", last, rest, content(Math.min(last, SIZE - rest), rest)));
  }

  private MemoryContent column(Extent extent) {
    ByteBuffer all = ByteBuffer.allocate((int) extent.bytes());
    for (int row = 0; row < extent.rows(); row++) {
      long start = extent.position() + row * extent.pitch();
      all.put(bytes, (int) start, (int) extent.rowBytes());
    }
    return new MemoryContent(MemorySegment.ofArray(all.array()));
  }

  @Test
  void theFirstFailureEndsAllAndLeavesNothing() throws IOException {
    Content.Pushed failing =
        _ -> {
          throw new IOException("no such luck");
        };
    Extent bad = new Extent("'bad'", 0, 10, failing);
    OutputPlan plan =
        plan(List.of(bad, new Extent("'good'", 10, SIZE - 10, content(10, SIZE - 10))));
    try (FileSave save = new FileSave(List.of(plan), tuning(true), SaveControl.NONE)) {
      assertThatIOException()
          .isThrownBy(() -> {
            save.fill();
            save.finish();
          })
          .withMessage("tensor 'bad': no such luck");
      assertThatIOException()
          .isThrownBy(() -> save.put(0, bad, 0, content(0, 10), 0, 10))
          .withMessage("tensor 'bad': no such luck");
    }
    assertThat(folder).isEmptyDirectory();
  }
}
