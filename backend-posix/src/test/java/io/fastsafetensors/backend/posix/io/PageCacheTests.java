// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static io.fastsafetensors.TransferPath.BUFFERED;
import static io.fastsafetensors.TransferPath.DIRECT;
import static io.fastsafetensors.TransferPath.MAPPED;
import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.spi.TransferStats;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the page cache has is asked by the first way that tells the truth. */
@Tag("slow")
class PageCacheTests extends FaultFixture {
  private static final long EXT4 = 0xef53;
  private static final long NFS = 0x6969;
  private static final long FUSE = 0x65735546;
  private static final long TMPFS = 0x01021994;
  private static final long OVERLAY = 0x794c7630;

  private final Kernel kernel = new Kernel();

  /** Answers as kernels do, by who asks and where. */
  private static final class Kernel extends CountingFaults {
    final Set<String> asked = ConcurrentHashMap.newKeySet();
    long fileSystem = EXT4;
    int cachestat;
    int mincore;
    boolean mincoreLies;
    int preadv2;

    @Override
    public long fileSystem(int descriptor) {
      return fileSystem;
    }

    @Override
    public long cachedPages(int descriptor, long offset, long length) {
      asked.add("cachestat");
      return cachestat == 0 ? super.cachedPages(descriptor, offset, length) : -cachestat;
    }

    @Override
    public int mincore(long address, long length, MemorySegment pages) {
      asked.add("mincore");
      int answer = mincore == 0 ? super.mincore(address, length, pages) : -mincore;
      if (mincoreLies) {
        pages.asSlice(0, (length + pageSize() - 1) / pageSize()).fill((byte) 1);
      }
      return answer;
    }

    @Override
    public int peek(int descriptor, long offset) {
      asked.add("preadv2");
      return preadv2 == 0 ? super.peek(descriptor, offset) : -preadv2;
    }

    /** Answers as to who neither owns the file nor may write to it. */
    void another() {
      cachestat = Errno.EPERM;
      mincoreLies = true;
    }
  }

  @BeforeEach
  void useKernel() {
    with(kernel);
    loads.path = AccessPath.AUTO;
  }

  private Map<TransferPath, Long> cold() throws IOException {
    CachedParts.evict(file.path());
    return loads.check(file).stats().bytesByPath();
  }

  private TransferStats warm() throws IOException {
    CachedParts.warmOnly(file.path(), file.bytes());
    return loads.check(file).stats();
  }

  @Test
  void cachestatIsAskedFirst() throws IOException {
    assertThat(warm().bytesByPath()).containsOnlyKeys(MAPPED);
    assertThat(cold()).containsOnlyKeys(DIRECT);
    assertThat(warm().reason().toString())
        .contains("; on ext4 (local), page cache seen by cachestat; ");
    assertThat(kernel.asked).containsExactly("cachestat");
  }

  @ParameterizedTest
  @ValueSource(ints = {Errno.EPERM, Errno.ENOSYS})
  void mincoreIsAskedWhereCachestatIsRefused(int error) throws IOException {
    kernel.cachestat = error;
    assertThat(warm().bytesByPath()).containsOnlyKeys(MAPPED);
    assertThat(cold()).containsOnlyKeys(DIRECT);
    assertThat(warm().reason().toString()).contains("page cache seen by mincore");
    assertThat(kernel.asked).containsExactlyInAnyOrder("cachestat", "mincore");
  }

  @Test
  void cachestatIsNotBelievedOnAnOverlay() throws IOException {
    kernel.fileSystem = OVERLAY;
    assertThat(warm().bytesByPath()).containsOnlyKeys(MAPPED);
    assertThat(cold()).containsOnlyKeys(DIRECT);
    assertThat(kernel.asked).containsExactly("mincore");
  }

  /** A FUSE file may have the pages of another, which its mapping shows. */
  @Test
  void mappingsAreAskedFirstWhereAProgramServesFiles() throws IOException {
    kernel.fileSystem = FUSE;
    cold();
    assertThat(kernel.asked).containsExactly("mincore");
    kernel.mincoreLies = true;
    assertThat(warm().reason().toString())
        .contains("on fuse (program), page cache seen by cachestat");
  }

  /** A process can't end before its direct reads of FUSE do, which may never be. */
  @Test
  void whatAProgramServesIsReadDirectlyOnlyIfAskedFor() throws IOException {
    kernel.fileSystem = FUSE;
    CachedParts.evict(file.path());
    TransferStats stats = loads.check(file).stats();
    assertThat(stats.bytesByPath()).containsOnlyKeys(BUFFERED);
    assertThat(stats.reason().toString())
        .contains("not direct: a program serves the file, and could hang");
    loads.direct = DirectMode.ON;
    assertThat(cold()).containsOnlyKeys(DIRECT);
  }

  @Test
  void samplesAreTakenWhereMincoreLies() throws IOException {
    kernel.another();
    assumeSamples();
    assertThat(warm().bytesByPath()).containsOnlyKeys(MAPPED);
    assertThat(warm().reason().toString()).contains("page cache seen in samples by preadv2");
    assertThat(cold()).containsOnlyKeys(DIRECT);
  }

  /**
   * To look for a page starts to read it, and at times one beside it (17 looks): later loads must
   * not take that for a cached file.
   */
  @Test
  void samplesLeaveAColdFileCold() throws IOException {
    kernel.another();
    assumeSamples();
    file = SampleFiles.write(folder.resolve("large"), 64 * MIB, 1);
    CachedParts.evict(file.path());
    for (int load = 1; load <= 5; load++) {
      assertThat(loads.check(file).stats().bytesByPath()).containsOnlyKeys(DIRECT);
      assertThat(CachedParts.pages(file.path(), 0, 0)).isLessThanOrEqualTo(load * 34L);
    }
  }

  @Test
  void samplesTellCachedPartsFromOthers() throws IOException {
    kernel.another();
    assumeSamples();
    file = SampleFiles.write(folder.resolve("half"), 64 * MIB + 5, 1);
    CachedParts.warmOnly(file.path(), 32 * MIB);
    assertThat(loads.check(file).stats().bytesByPath())
        .isEqualTo(Map.of(MAPPED, 32 * MIB, DIRECT, 32 * MIB + 5));
  }

  private void assumeSamples() throws IOException {
    int descriptor = kernel.open(file.path(), false);
    int answer = kernel.peek(descriptor, 0);
    kernel.close(descriptor);
    Assumptions.assumeTrue(
        answer != -Errno.EOPNOTSUPP, "the temporary folder's file system has no RWF_NOWAIT");
  }

  private void blind() {
    kernel.another();
    kernel.preadv2 = Errno.EOPNOTSUPP;
  }

  /** Not to know is neither cached nor not cached. */
  @Test
  void whatNobodyTellsIsMappedAndTold() throws IOException {
    blind();
    assertThat(warm().bytesByPath()).containsOnlyKeys(MAPPED);
    assertThat(cold()).containsOnlyKeys(MAPPED);
    assertThat(warm().reason().toString())
        .contains("page cache not seen (cachestat: refused: EPERM, not permitted; mincore: ")
        .contains("may write to it; preadv2 with RWF_NOWAIT: refused: EOPNOTSUPP, not supported)");
  }

  @Test
  void eachRefusalOfMincoreIsToldByItsName() throws IOException {
    kernel.cachestat = Errno.ENOSYS;
    kernel.mincore = Errno.EPERM;
    kernel.preadv2 = Errno.ENOSYS;
    assertThat(warm().reason().toString()).contains("mincore: refused: EPERM, not permitted");
    assertThat(warm().bytesByPath()).containsOnlyKeys(MAPPED);
  }

  /** A mapping of what is far away may lose its pages, which ends the process. */
  @ParameterizedTest
  @ValueSource(longs = {NFS, FUSE, 0xabcdef})
  void whatNobodyTellsAndMayBeFarAwayIsReadThroughThePageCache(long fileSystem) throws IOException {
    blind();
    kernel.fileSystem = fileSystem;
    TransferStats stats = warm();
    assertThat(stats.bytesByPath()).containsOnlyKeys(BUFFERED);
    assertThat(stats.reason().toString()).contains("not direct: what is cached isn't seen");
    assertThat(cold()).containsOnlyKeys(BUFFERED);
  }

  @ParameterizedTest
  @EnumSource(DirectMode.class)
  void copiesOfWhatNobodyTellsAreDirectOnlyIfAskedFor(DirectMode mode) throws IOException {
    blind();
    loads.path = AccessPath.COPIED;
    loads.direct = mode;
    TransferPath expected = mode == DirectMode.ON ? DIRECT : BUFFERED;
    assertThat(warm().bytesByPath()).containsOnlyKeys(expected);
    assertThat(cold()).containsOnlyKeys(expected);
  }

  @Test
  void memoryIsNotAskedWhetherItIsMemory() throws IOException {
    blind();
    kernel.fileSystem = TMPFS;
    assertThat(warm().bytesByPath()).containsOnlyKeys(MAPPED);
    assertThat(warm().reason().toString()).contains("; on tmpfs (memory), all in memory; ");
    loads.path = AccessPath.COPIED;
    assertThat(warm().bytesByPath()).containsOnlyKeys(TransferPath.CACHED);
    assertThat(kernel.asked).isEmpty();
  }

  @Test
  void whatMayHaveBeenCachedBeforeIsNotDropped() throws IOException {
    loads.direct = DirectMode.OFF;
    loads.properties.put("posix.drop-cache", "true");
    kernel.cachestat = Errno.ENOSYS;
    cold();
    assertThat(CachedParts.pages(file.path(), 0, 0)).isZero();
    blind();
    cold();
    assertThat(CachedParts.pages(file.path(), 0, 0)).isPositive();
  }

  @Test
  void emptyFilesNeedNoAnswer() throws IOException {
    blind();
    file = SampleFiles.write(folder.resolve("empty"), 0, 1);
    for (AccessPath path : List.of(AccessPath.AUTO, AccessPath.COPIED)) {
      loads.path = path;
      assertThat(loads.check(new SampleFile(file.path(), 0, 1)).stats().bytesByPath()).isEmpty();
    }
  }
}
