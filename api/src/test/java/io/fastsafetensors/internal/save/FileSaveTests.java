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
    OutputPlan plan = plan(List.of(new Extent("all", 0, SIZE, Content.Arriving.BYTES)));
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
              save.put(0, piece[0], content(piece[0], piece[1]), piece[1]);
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
          save.put(0, start, content(start, (int) extent.bytes()), extent.bytes());
        }
      }
      save.fill();
      save.finish();
      save.files().getFirst().moveTo(plan.path());
    }
    assertThat(plan.path()).hasBinaryContent(bytes);
  }

  @Test
  void theFirstFailureEndsAllAndLeavesNothing() throws IOException {
    Content.Pushed failing =
        _ -> {
          throw new IOException("no such luck");
        };
    OutputPlan plan =
        plan(
            List.of(
                new Extent("'bad'", 0, 10, failing),
                new Extent("'good'", 10, SIZE - 10, content(10, SIZE - 10))));
    try (FileSave save = new FileSave(List.of(plan), tuning(true), SaveControl.NONE)) {
      assertThatIOException()
          .isThrownBy(() -> {
            save.fill();
            save.finish();
          })
          .withMessage("tensor 'bad': no such luck");
      assertThatIOException()
          .isThrownBy(() -> save.put(0, 0, content(0, 10), 10))
          .withMessage("tensor 'bad': no such luck");
    }
    assertThat(folder).isEmptyDirectory();
  }
}
