// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static io.fastsafetensors.TransferPath.BUFFERED;
import static io.fastsafetensors.TransferPath.CACHED;
import static io.fastsafetensors.TransferPath.DIRECT;
import static io.fastsafetensors.TransferPath.MAPPED;
import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.backend.posix.libc.Faults;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every way brings the same bytes, and says which way it was. */
class PathsTests {
  private static final long MIB = 1 << 20;

  private final Loads loads = new Loads();

  @TempDir Path folder;

  @AfterEach
  void close() {
    loads.close();
  }

  private SampleFile write(long bytes) throws IOException {
    return SampleFiles.write(folder.resolve("f"), bytes, 1);
  }

  @Test
  void coldFileIsReadPastThePageCacheAndStaysOutOfIt() throws IOException {
    SampleFile file = write(9 * MIB + 5);
    CachedParts.evict(file.path());

    LoadedRanges loaded = loads.check(file);

    assertThat(loaded.stats().bytesByPath()).containsExactly(Map.entry(DIRECT, 9 * MIB + 5));
    assertThat(loaded.stats().reason().toString())
        .startsWith("copied: 100% direct; direct reads of multiples");
    assertThat(CachedParts.pages(file.path(), 0, 0)).isZero();
  }

  @Test
  void warmFileIsReadFromThePageCache() throws IOException {
    SampleFile file = write(9 * MIB);
    LoadedRanges loaded = loads.check(file);
    assertThat(loaded.stats().bytesByPath()).containsOnlyKeys(CACHED);
  }

  @Test
  void warmFileIsMappedIfThatIsLeftToTheBackend() throws IOException {
    SampleFile file = write(9 * MIB);
    loads.path = AccessPath.AUTO;
    LoadedRanges loaded = loads.check(file);
    assertThat(loaded.stats().bytesByPath()).containsOnlyKeys(MAPPED);
  }

  /** Threads of the session read; what is in memory is mapped by others, in blocks of 16 MiB. */
  @Test
  void onlyWhatIsNotCachedIsMappedByTheSessionsThreads() throws IOException {
    SampleFile file = write(40 * MIB);
    loads.path = AccessPath.MAPPED;
    List<String> threads = new CopyOnWriteArrayList<>();
    loads.monitor.onBlock = () -> threads.add(Thread.currentThread().getName());

    loads.check(file);
    assertThat(threads).hasSize(3).noneMatch(PathsTests::isOfASession);

    threads.clear();
    CachedParts.warmOnly(file.path(), 20 * MIB);
    loads.check(file);
    assertThat(threads.stream().filter(PathsTests::isOfASession)).hasSize(4 + 2);
    assertThat(threads).hasSize(1 + 4 + 2);
  }

  private static boolean isOfASession(String thread) {
    return thread.startsWith("fastsafetensors-posix-");
  }

  @Test
  void coldFileIsCopiedIfThatIsLeftToTheBackend() throws IOException {
    SampleFile file = write(9 * MIB);
    CachedParts.evict(file.path());
    loads.path = AccessPath.AUTO;
    assertThat(loads.check(file).stats().bytesByPath()).containsOnlyKeys(DIRECT);
  }

  @ParameterizedTest
  @EnumSource(AccessPath.class)
  void halfCachedFileTakesBothWays(AccessPath path) throws IOException {
    SampleFile file = write(16 * MIB);
    CachedParts.warmOnly(file.path(), 8 * MIB);
    loads.path = path;
    loads.blockBytes = MIB;

    LoadedRanges loaded = loads.check(file);

    if (path == AccessPath.MAPPED) {
      assertThat(loaded.stats().bytesByPath()).containsOnlyKeys(MAPPED);
    } else {
      assertThat(loaded.stats().bytesByPath()).containsOnlyKeys(DIRECT, CACHED);
      assertThat(loaded.stats().bytesByPath().get(CACHED)).isEqualTo(8 * MIB);
    }
  }

  @Test
  void directReadsCanBeForcedAndForbidden() throws IOException {
    SampleFile file = write(5 * MIB);
    loads.direct = DirectMode.ON;
    assertThat(loads.check(file).stats().bytesByPath()).containsOnlyKeys(DIRECT);
    CachedParts.evict(file.path());
    loads.direct = DirectMode.OFF;
    LoadedRanges loaded = loads.check(file);
    assertThat(loaded.stats().bytesByPath()).containsKey(BUFFERED).doesNotContainKey(DIRECT);
    assertThat(loaded.stats().reason().toString()).contains("direct reads are off");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 511, 512, 4095, 4096, 4097, 4194303, 4194304, 4194305})
  void everySizeComesWhole(long bytes) throws IOException {
    SampleFile file = write(bytes);
    for (AccessPath path : AccessPath.values()) {
      for (DirectMode mode : DirectMode.values()) {
        loads.path = path;
        loads.direct = mode;
        CachedParts.evict(file.path());
        loads.check(file);
        loads.check(file);
      }
    }
  }

  @Test
  void rangesMayStartAtEveryResidue() throws IOException {
    SampleFile file = write(3 * MIB + 7);
    for (int residue = 0; residue < 16; residue++) {
      for (DirectMode mode : DirectMode.values()) {
        loads.direct = mode;
        CachedParts.evict(file.path());
        loads.check(file, tensors(file, 1000 + residue));
      }
    }
  }

  /** Storage writes to huge pages several times as fast as to small ones. */
  @Test
  void whatCannotBeReadToItsPlaceGoesByWayOfHugePages() throws IOException {
    SampleFile file = write(9 * MIB);
    CachedParts.evict(file.path());
    long hugePage = 2 * MIB;
    Set<Long> offPage = ConcurrentHashMap.newKeySet();
    loads.libc =
        new CountingFaults() {
          @Override
          public long pread(int descriptor, MemorySegment target, long offset) {
            offPage.add(target.address() % hugePage);
            return super.pread(descriptor, target, offset);
          }
        };
    loads.alignment = 4096;
    long middle = 5 * MIB + 8;
    loads.check(file, file.plan(new ByteRange(8, middle), new ByteRange(middle, 9 * MIB)));
    assertThat(offPage).containsExactly(0L);
  }

  @ParameterizedTest
  @ValueSource(longs = {16, 64, 256, 4096})
  void alignmentIsKeptOnEveryWay(long alignment) throws IOException {
    SampleFile file = write(3 * MIB + 7);
    loads.alignment = alignment;
    loads.blockBytes = 64 << 10;
    for (AccessPath path : List.of(AccessPath.AUTO, AccessPath.COPIED)) {
      for (DirectMode mode : DirectMode.values()) {
        loads.path = path;
        loads.direct = mode;
        CachedParts.evict(file.path());
        for (int round = 0; round < 2; round++) {
          LoadedRanges loaded = loads.load(tensors(file, 1003));
          assertThat(loaded.regions())
              .allSatisfy(region -> assertThat(region.address() % alignment).isZero());
          Loads.compare(file, tensors(file, 1003), loaded);
          Loads.release(loaded);
        }
      }
    }
  }

  /** Plans odd-sized tensors, small and large, some next to each other and some apart. */
  static RangePlan tensors(SampleFile file, long begin) {
    List<ByteRange> ranges = new ArrayList<>();
    long[] sizes = {0, 1, 7, 513, 0, 100_000, 3, 300_001, 4096, 64, 1 << 20};
    long[] gaps = {0, 0, 1, 0, 0, 70_000, 0, 200_001, 0, 5, 0};
    long at = begin;
    for (int i = 0; i < sizes.length; i++) {
      ranges.add(new ByteRange(at, at + sizes[i]));
      at += sizes[i] + gaps[i];
    }
    ranges.add(new ByteRange(at, file.bytes()));
    return RangePlan.of(file.path(), file.bytes(), ranges);
  }

  @Test
  void offsetsPassFourGibibytes() throws IOException {
    long bytes = (5L << 30) + 4097;
    SampleFile file = SampleFiles.writeTail(folder.resolve("sparse"), bytes, 70_000, 2);
    for (DirectMode mode : DirectMode.values()) {
      loads.direct = mode;
      loads.check(file, file.plan(new ByteRange(bytes - 69_999, bytes)));
    }
  }

  @Test
  void smallTensorsShareReads() throws IOException {
    SampleFile file = write(4 * MIB);
    List<ByteRange> ranges = new ArrayList<>();
    for (long at = 0; at + 100 <= file.bytes(); at += 100) {
      ranges.add(new ByteRange(at, at + 100));
    }
    RangePlan plan = RangePlan.of(file.path(), file.bytes(), ranges);
    for (long alignment : new long[] {0, 64}) {
      loads.alignment = alignment;
      loads.monitor.files.clear();
      loads.check(file, plan);
      assertThat(loads.monitor.files).hasSizeLessThanOrEqualTo(2);
    }
  }

  @Test
  void farRangesAreNotReadAlong() throws IOException {
    SampleFile file = write(16 * MIB);
    CachedParts.evict(file.path());
    RangePlan plan = file.plan(new ByteRange(10, 20), new ByteRange(12 * MIB, 12 * MIB + 10));
    LoadedRanges loaded = loads.check(file, plan);
    assertThat(loaded.stats().bytesByPath()).containsExactly(Map.entry(DIRECT, 8192L));
  }

  @Test
  void tensorsOfCachedFilesAreAligned() throws IOException {
    SampleFile file = write(9 * MIB);
    long middle = 1003 + MIB + 64;
    RangePlan plan = file.plan(new ByteRange(1003, middle), new ByteRange(middle, 5 * MIB));
    LoadedRanges loaded = loads.load(plan);
    assertThat(loaded.regions()).allSatisfy(r -> assertThat(r.address() % 64).isZero());
    assertThat(loaded.stats().reason().toString()).endsWith("tensors at multiples of 64 bytes");
    Loads.release(loaded);
  }

  /** Says that direct reads go to any multiple of 4 in memory, as disks for servers do. */
  private static final class EasyMemory extends Faults {
    private volatile int direct = -1;
    private volatile int buffered = -1;

    @Override
    public int statx(int descriptor, MemorySegment facts) {
      int answer = super.statx(descriptor, facts);
      facts.set(ValueLayout.JAVA_INT, 0, facts.get(ValueLayout.JAVA_INT, 0) | 0x2000);
      facts.set(ValueLayout.JAVA_INT, 0x98, 4);
      facts.set(ValueLayout.JAVA_INT, 0x9c, 512);
      return answer;
    }

    @Override
    public int reopenDirect(int descriptor) {
      buffered = descriptor;
      direct = super.reopenDirect(descriptor);
      return direct;
    }

    @Override
    public long pread(int descriptor, MemorySegment target, long offset) {
      return super.pread(descriptor == direct ? buffered : descriptor, target, offset);
    }
  }

  @Test
  void tensorsReadDirectlyAreAlignedWhereTheDiskAllows() throws IOException {
    SampleFile file = write(9 * MIB + 5);
    RangePlan plan =
        file.plan(new ByteRange(1000, 1064 + MIB), new ByteRange(1064 + MIB, 9 * MIB + 5));
    loads.libc = new EasyMemory();
    loads.direct = DirectMode.ON;
    LoadedRanges loaded = loads.load(plan);
    assertThat(loaded.stats().bytesByPath()).containsOnlyKeys(DIRECT);
    assertThat(loaded.regions()).allSatisfy(r -> assertThat(r.address() % 64).isZero());
    Loads.compare(file, plan, loaded);
    Loads.release(loaded);
  }
}
