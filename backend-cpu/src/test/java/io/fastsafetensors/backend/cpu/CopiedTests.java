// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.MemoryInfo;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
@Timeout(120)
class CopiedTests {
  @TempDir Path folder;

  private final RecordingMonitor monitor = new RecordingMonitor();

  private SampleFile write(String name, long bytes) throws IOException {
    return SampleFiles.write(folder.resolve(name), bytes, name.hashCode());
  }

  @Test
  void bytesAreIndependentOfTheFileOnceLoaded() throws IOException {
    SampleFile file = write("a", 500_000);
    RangePlan plan = file.plan(new ByteRange(3, 200_000), new ByteRange(300_000, 500_000));
    try (Session session = Session.open(AccessPath.COPIED, monitor)) {
      LoadedRanges loaded = session.load(plan);
      Files.write(file.path(), new byte[500_000]);

      Session.assertLoaded(file, plan, loaded);
      assertThat(loaded.stats().bytesByPath()).isEqualTo(Map.of(TransferPath.BUFFERED, 399_997L));
      assertThat(loaded.stats().readNanos()).isPositive();
      assertThat(Session.memory(loaded.regions().getFirst()).isReadOnly()).isFalse();
    }
  }

  @Test
  void filesOfASessionShareItsThreads() throws IOException {
    List<SampleFile> files = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      files.add(write("f" + i, 1_000_000 + i));
    }
    try (Session session = Session.open(AccessPath.COPIED, monitor)) {
      List<IoTicket> tickets = new ArrayList<>();
      for (SampleFile file : files) {
        tickets.add(session.submit(file.whole()));
      }
      for (int i = 4; i >= 0; i--) {
        LoadedRanges loaded = tickets.get(i).await();
        Session.assertLoaded(files.get(i), files.get(i).whole(), loaded);
        tickets.get(i).close();
        loaded.buffers().forEach(b -> b.close());
      }
    }
    List<String> threads = monitor.blocks().stream().map(b -> b.thread()).distinct().toList();
    assertThat(threads).hasSizeLessThanOrEqualTo(3).allMatch(t -> t.startsWith("fastsafetensors-"));
    assertThat(monitor.blocks()).hasSize(5 * 16);
  }

  @Test
  void largeFilesComeInSeveralBuffers() throws IOException {
    long part = 50L << 20;
    SampleFile file = SampleFiles.writeTail(folder.resolve("holes"), 3 * part + 5, 2000, 7);
    RangePlan plan =
        file.plan(
            new ByteRange(1, part),
            new ByteRange(part, 2 * part),
            new ByteRange(2 * part, file.bytes()));
    try (Session session = Session.open(AccessPath.COPIED, monitor)) {
      LoadedRanges loaded = session.load(plan);

      assertThat(loaded.buffers()).hasSize(3);
      assertThat(loaded.regions()).allMatch(region -> region.address() % 64 == 0);
      assertThat(loaded.regions().stream().map(Region::bytes).toList())
          .containsExactly(part - 1, part, part + 5);
      assertTail(file, 2000, loaded);
    }
  }

  private static void assertTail(SampleFile file, long tail, LoadedRanges loaded) {
    MemorySegment last = Session.memory(loaded.regions().getLast());
    assertThat(last.asSlice(last.byteSize() - tail).toArray(ValueLayout.JAVA_BYTE))
        .isEqualTo(file.expected(new ByteRange(file.bytes() - tail, file.bytes())));
  }

  @Test
  void fewRangesOfAFileOverFourGibibytes() throws IOException {
    long size = (6L << 30) + 1;
    SampleFile file = SampleFiles.writeTail(folder.resolve("holes"), size, 300_001, 5);
    RangePlan plan =
        file.plan(
            new ByteRange(8, 100_000),
            new ByteRange((4L << 30) + 5, (4L << 30) + 70_000),
            new ByteRange(size - 300_001, size));
    try (Session session = Session.open(AccessPath.COPIED, monitor)) {
      LoadedRanges loaded = session.load(plan);

      assertThat(loaded.stats().bytesByPath().get(TransferPath.BUFFERED)).isLessThan(500_000);
      assertThat(Session.bytes(loaded.regions().get(1))).hasSize(69_995).containsOnly(0);
      assertTail(file, 300_001, loaded);
    }
  }

  @Test
  void tensorOverTwoGibibytes() throws IOException {
    long free = HostMemory.memory().map(MemoryInfo::freeBytes).orElse(0L);
    Assumptions.assumeTrue(free > 5L << 30, "takes 2 GiB of memory; free are " + free + " bytes");
    long size = (1L << 31) + 4_000_001;
    SampleFile file = SampleFiles.writeTail(folder.resolve("holes"), size, 3_000_000, 6);
    IoOptions options =
        IoOptions.builder(monitor).path(AccessPath.COPIED).direct(DirectMode.OFF).build();
    try (Session session = Session.open(options)) {
      LoadedRanges loaded = session.load(file.plan(new ByteRange(1, size)));

      assertThat(loaded.regions().getFirst().bytes()).isEqualTo(size - 1);
      assertTail(file, 3_000_000, loaded);
    }
  }

  @Test
  void hundredThousandAdjacentRangesAreReadInBlocks() throws IOException {
    SampleFile file = write("many", 400_000);
    List<ByteRange> ranges =
        IntStream.range(0, 100_000).mapToObj(i -> new ByteRange(i * 4L, i * 4L + 3)).toList();
    try (Session session = Session.open(AccessPath.COPIED, monitor)) {
      LoadedRanges loaded = session.load(RangePlan.of(file.path(), file.bytes(), ranges));

      assertThat(monitor.blocks()).hasSize(7);
      for (int i : new int[] {0, 1, 54_321, 99_999}) {
        assertThat(Session.bytes(loaded.regions().get(i))).isEqualTo(file.expected(ranges.get(i)));
      }
    }
  }

  @Test
  void budgetIsFreeAgainAfterAFailure() throws IOException {
    SampleFile file = write("a", 100_000);
    RangePlan longer = RangePlan.of(file.path(), 100_001, file.whole().ranges());
    IoOptions options = Session.withBudget(Session.options(AccessPath.COPIED, 0, monitor), 100_000);
    try (Session session = Session.open(options)) {
      for (int i = 0; i < 3; i++) {
        session.submit(file.whole()).close();
        assertThatThrownBy(() -> session.submit(longer)).hasMessageContaining("100001");
      }
      Session.assertLoaded(file, file.whole(), session.load(file.whole()));
    }
  }

  @Test
  void ticketIsAwaitedOnce() throws IOException {
    SampleFile file = write("a", 1000);
    try (Session session = Session.open(AccessPath.COPIED, monitor);
        IoTicket ticket = session.submit(file.whole())) {
      ticket.await().buffers().forEach(b -> b.close());
      assertThatIllegalStateException().isThrownBy(ticket::await);
    }
  }
}
