// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class MappedTests {
  @TempDir Path folder;

  private final RecordingMonitor monitor = new RecordingMonitor();

  @AfterEach
  void nothingIsLeft() throws IOException {
    ProcSelf.assumeReadable();
    assertThat(ProcSelf.settled(folder)).isEqualTo(ProcSelf.CLEAN);
  }

  private SampleFile write(long bytes) throws IOException {
    return SampleFiles.write(folder.resolve("sample"), bytes, 11);
  }

  @ParameterizedTest
  @EnumSource(
      value = AccessPath.class,
      names = {"AUTO", "MAPPED"})
  void rangesAreThePagesOfTheFile(AccessPath path) throws IOException {
    SampleFile file = write(50_000);
    RangePlan plan =
        file.plan(new ByteRange(9, 9), new ByteRange(5001, 6001), new ByteRange(49_000, 50_000));
    try (Session session = Session.open(path, monitor)) {
      LoadedRanges loaded = session.load(plan);
      Session.assertLoaded(file, plan, loaded);
      overwrite(file.path(), 5001, (byte) ~file.expected(plan.ranges().get(1))[0]);

      Region region = loaded.regions().get(1);
      assertThat(Session.bytes(region)[0])
          .isEqualTo((byte) ~file.expected(plan.ranges().get(1))[0]);
      assertThat(Session.memory(region).isReadOnly()).isTrue();
      assertThat(loaded.buffers()).hasSize(1);
      assertThat(loaded.stats().bytesByPath()).isEqualTo(Map.of(TransferPath.MAPPED, 44_999L));
    }
    assertThat(monitor.blocks())
        .extracting(RecordingMonitor.Block::path, RecordingMonitor.Block::offset)
        .containsExactly(tuple(TransferPath.MAPPED, 5001L));
  }

  private static void overwrite(Path path, long offset, byte value) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {value}), offset);
    }
  }

  @Test
  void mappingHoldsNoDescriptorAndEndsWithItsBuffer() throws IOException {
    ProcSelf.assumeReadable();
    SampleFile file = write(500_000);
    try (Session session = Session.open(AccessPath.AUTO, monitor)) {
      LoadedRanges loaded = session.load(file.whole());
      assertThat(ProcSelf.of(folder)).isEqualTo(new ProcSelf(0, 1, 0));
      loaded.buffers().getFirst().close();
      assertThat(ProcSelf.of(folder)).isEqualTo(ProcSelf.CLEAN);
    }
  }

  @Test
  void mappingThatNobodyAwaitsEndsWithItsTicket() throws IOException {
    ProcSelf.assumeReadable();
    SampleFile file = write(500_000);
    try (Session session = Session.open(AccessPath.AUTO, monitor)) {
      IoTicket ticket = session.submit(file.whole());
      assertThat(ProcSelf.of(folder)).isEqualTo(new ProcSelf(1, 1, 0));
      ticket.close();
      ticket.close();
      assertThat(ProcSelf.of(folder)).isEqualTo(ProcSelf.CLEAN);
      assertThatThrownBy(ticket::await).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void fileWithRangesOffTheAlignmentIsCopied() throws IOException {
    SampleFile file = write(10_000);
    RangePlan aligned = file.plan(new ByteRange(64, 100), new ByteRange(128, 10_000));
    RangePlan off = file.plan(new ByteRange(64, 100), new ByteRange(100, 10_000));
    try (Session session = Session.open(Session.options(AccessPath.MAPPED, 64, monitor))) {
      assertThat(session.load(aligned).stats().bytesByPath()).containsKey(TransferPath.MAPPED);
      LoadedRanges copied = session.load(off);

      Session.assertLoaded(file, off, copied);
      assertThat(copied.regions()).allMatch(region -> region.address() % 64 == 0);
      assertThat(copied.stats().bytesByPath()).containsOnlyKeys(TransferPath.BUFFERED);
      assertThat(copied.stats().reason().toString()).contains("byte 100").contains("64");
    }
  }

  @Test
  void fileSystemWithoutMappingsIsCopiedUnlessMappingWasAskedFor() throws IOException {
    try (FileSystem zip =
        FileSystems.newFileSystem(folder.resolve("a.zip"), Map.of("create", "true"))) {
      SampleFile file = SampleFiles.write(zip.getPath("/inside"), 100_000, 3);
      try (Session session = Session.open(AccessPath.AUTO, monitor)) {
        LoadedRanges loaded = session.load(file.whole());
        Session.assertLoaded(file, file.whole(), loaded);
        assertThat(loaded.stats().reason().toString()).contains("can't be mapped");
      }
      try (Session session = Session.open(AccessPath.MAPPED, monitor)) {
        assertThatExceptionOfType(UnsupportedTransferException.class)
            .isThrownBy(() -> session.load(file.whole()))
            .withMessageContaining("can't be mapped");
      }
    }
  }

  @Test
  void tensorsOverTwoGibibytesInAFileOverFour() throws IOException {
    long size = (5L << 30) + 3;
    SampleFile file = SampleFiles.writeTail(folder.resolve("holes"), size, 100_003, 5);
    long cut = (5L << 30) / 2;
    RangePlan plan = file.plan(new ByteRange(8, cut), new ByteRange(cut, size));
    try (Session session = Session.open(AccessPath.MAPPED, monitor)) {
      LoadedRanges loaded = session.load(plan);

      MemorySegment last = Session.memory(loaded.regions().get(1));
      assertThat(last.byteSize()).isEqualTo(size - cut).isGreaterThan(1L << 31);
      assertThat(last.asSlice(last.byteSize() - 100_003).toArray(ValueLayout.JAVA_BYTE))
          .isEqualTo(file.expected(new ByteRange(size - 100_003, size)));
    }
  }

  @Test
  void hundredThousandRangesAreOneMapping() throws IOException {
    SampleFile file = write(400_000);
    List<ByteRange> ranges =
        IntStream.range(0, 100_000).mapToObj(i -> new ByteRange(i * 4L, i * 4L + 3)).toList();
    try (Session session = Session.open(AccessPath.AUTO, monitor)) {
      LoadedRanges loaded = session.load(RangePlan.of(file.path(), file.bytes(), ranges));

      assertThat(loaded.buffers()).hasSize(1);
      assertThat(Session.bytes(loaded.regions().get(99_999)))
          .isEqualTo(file.expected(ranges.get(99_999)));
    }
  }

  @Test
  void readersThatMeetTheCloseGetAnExceptionAndTheJvmLives() throws Exception {
    SampleFile file = write(4 << 20);
    for (int round = 0; round < 20; round++) {
      try (Session session = Session.open(AccessPath.MAPPED, monitor)) {
        LoadedRanges loaded = session.load(file.whole());
        MemorySegment memory = Session.memory(loaded.regions().getFirst());
        List<CompletableFuture<Void>> readers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          readers.add(CompletableFuture.runAsync(() -> readForever(memory)));
        }
        loaded.buffers().getFirst().close();
        for (CompletableFuture<Void> reader : readers) {
          assertThatThrownBy(reader::join).hasCauseInstanceOf(IllegalStateException.class);
        }
      }
    }
  }

  private static void readForever(MemorySegment memory) {
    for (long i = 0; ; i = (i + 4096) % memory.byteSize()) {
      memory.get(ValueLayout.JAVA_BYTE, i);
    }
  }

  @Test
  void fileReplacedByRenamingStaysAsItWas() throws IOException {
    SampleFile file = write(50_000);
    SampleFile other = SampleFiles.write(folder.resolve("other"), 10, 99);
    try (Session session = Session.open(AccessPath.MAPPED, monitor)) {
      LoadedRanges loaded = session.load(file.whole());
      Files.move(other.path(), file.path(), StandardCopyOption.REPLACE_EXISTING);

      Session.assertLoaded(file, file.whole(), loaded);
    }
  }

  @Test
  void fileThatWasCutOffIsAnErrorOfJavaWhereItIsTouched() throws IOException {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux"), "other systems refuse to cut a mapped file");
    SampleFile file = write(1 << 20);
    try (Session session = Session.open(AccessPath.MAPPED, monitor)) {
      MemorySegment memory = Session.memory(session.load(file.whole()).regions().getFirst());
      try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.WRITE)) {
        channel.truncate(4096);
      }
      assertThat(memory.get(ValueLayout.JAVA_BYTE, 0))
          .isEqualTo(file.expected(new ByteRange(0, 1))[0]);
      assertThatThrownBy(() -> memory.asSlice(8192).toArray(ValueLayout.JAVA_BYTE))
          .isInstanceOf(InternalError.class);
    }
  }
}
