// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.internal.plan.CatalogFile;
import io.fastsafetensors.internal.plan.SourceFile;
import io.fastsafetensors.spi.IoBackend.OpenFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which files are open, and which are closed for others. */
@Timeout(60)
class OpenFilesTests {
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger mostOpen = new AtomicInteger();
  private final AtomicInteger opened = new AtomicInteger();

  private final class Counted implements OpenFile {
    private volatile boolean isClosed;

    Counted() {
      opened.incrementAndGet();
      mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
    }

    @Override
    public long size() {
      return 0;
    }

    @Override
    public Optional<Object> version() {
      return Optional.empty();
    }

    @Override
    public TransferPath read(MemorySegment target, long offset) {
      assertThat(isClosed).as("closed in use").isFalse();
      return TransferPath.BUFFERED;
    }

    @Override
    public void close() {
      assertThat(isClosed).as("closed twice").isFalse();
      isClosed = true;
      open.decrementAndGet();
    }
  }

  private OpenFiles files(int count, int most, Duration timeout) {
    return new OpenFiles(count, most, timeout, this::open);
  }

  private OpenedFile open(CatalogFile file) {
    return new OpenedFile("fake", file.source().path(), new Counted(), null, Optional.empty());
  }

  private static List<CatalogFile> catalog(int count) {
    List<CatalogFile> files = new ArrayList<>();
    SafetensorsHeader header = null;
    for (int i = 0; i < count; i++) {
      files.add(new CatalogFile(i, new SourceFile(0, Path.of("f" + i)), header));
    }
    return files;
  }

  @Test
  void theFileWhoseUseIsLongestAgoIsClosed() throws LoadException {
    List<CatalogFile> all = catalog(4);
    OpenFiles files = files(4, 3, Duration.ofSeconds(1));
    for (int i : new int[] {0, 1, 2, 0}) {
      files.take(all.get(i));
      files.giveBack(all.get(i));
    }
    assertThat(opened).hasValue(3);
    files.take(all.get(3)); // closes 1
    files.giveBack(all.get(3));
    files.take(all.get(0));
    files.take(all.get(2));
    assertThat(opened).hasValue(4);
    files.giveBack(all.get(0));
    files.giveBack(all.get(2));
    assertThat(files.count()).isEqualTo(3);
    files.close();
    assertThat(open).hasValue(0);
  }

  @Test
  void waitForRoomEndsInTimeAndAfterAnInterrupt() throws Exception {
    List<CatalogFile> all = catalog(2);
    OpenFiles files = files(2, 1, Duration.ofMillis(100));
    files.take(all.get(0));
    assertThatExceptionOfType(LoadCancelledException.class)
        .isThrownBy(() -> files.take(all.get(1)))
        .withMessageContaining("f1 waits for one of the 1 files")
        .matches(LoadCancelledException::timedOut);
    Thread.currentThread().interrupt();
    assertThatExceptionOfType(LoadCancelledException.class)
        .isThrownBy(() -> files.take(all.get(1)))
        .matches(e -> !e.timedOut());
    assertThat(Thread.interrupted()).isTrue();
    files.giveBack(all.get(0));
    files.take(all.get(1));
    files.close();
    assertThat(open).as("one is in use").hasValue(1);
    files.giveBack(all.get(1));
    assertThat(open).hasValue(0);
    assertThatIllegalStateException().isThrownBy(() -> files.take(all.get(0)));
  }

  @Test
  void fileThatCantBeOpenedTakesNoRoom() throws LoadException {
    List<CatalogFile> all = catalog(2);
    OpenFiles files =
        new OpenFiles(
            2,
            1,
            Duration.ofSeconds(1),
            file -> {
              if (file.index() == 0) {
                throw new LoadException("no");
              }
              return open(file);
            });
    for (int i = 0; i < 3; i++) {
      assertThatExceptionOfType(LoadException.class).isThrownBy(() -> files.take(all.get(0)));
    }
    files.take(all.get(1));
    files.giveBack(all.get(1));
    files.close();
    assertThat(open).hasValue(0);
  }

  @Test
  void manyThreadsNeverHaveMoreOpenThanAllowed() throws Exception {
    List<CatalogFile> all = catalog(50);
    OpenFiles files = files(50, 8, Duration.ofSeconds(30));
    List<FutureTask<Boolean>> tasks = new ArrayList<>();
    for (int thread = 0; thread < 16; thread++) {
      Random random = new Random(thread);
      FutureTask<Boolean> task =
          new FutureTask<>(() -> {
            for (int i = 0; i < 2_000; i++) {
              CatalogFile file = all.get(random.nextInt(50));
              OpenedFile taken = files.take(file);
              taken.read(MemorySegment.NULL, 0);
              files.giveBack(file);
            }
            return true;
          });
      tasks.add(task);
      Thread.ofPlatform().start(task);
    }
    for (FutureTask<Boolean> task : tasks) {
      assertThat(task.get()).isTrue();
    }
    assertThat(mostOpen.get()).isLessThanOrEqualTo(8);
    files.close();
    assertThat(open).hasValue(0);
  }
}
