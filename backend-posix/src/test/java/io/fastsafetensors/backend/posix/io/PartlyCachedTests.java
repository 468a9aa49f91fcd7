// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static io.fastsafetensors.TransferPath.CACHED;
import static io.fastsafetensors.TransferPath.DIRECT;
import static io.fastsafetensors.TransferPath.MAPPED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.Libc.FileAdvice;
import io.fastsafetensors.backend.posix.libc.Libc.MemoryAdvice;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that the page cache has a part of: mapped there, and read where it has nothing. */
class PartlyCachedTests extends FaultFixture {
  private SampleFile write(long bytes) throws IOException {
    return SampleFiles.write(folder.resolve("half"), bytes, 1);
  }

  /** Blocks of 16 MiB that are cached as a whole are mapped, if they are a quarter of all. */
  @ParameterizedTest
  @ValueSource(longs = {15, 20, 37})
  void whatIsCachedIsMappedAndTheRestIsPrivate(long cachedMib) throws IOException {
    SampleFile half = write(64 * MIB + 5);
    CachedParts.warmOnly(half.path(), cachedMib * MIB);
    loads.path = AccessPath.AUTO;

    LoadedRanges loaded = loads.check(half);

    long mapped = cachedMib == 37 ? 32 * MIB : 0;
    long copied = cachedMib * MIB - mapped;
    assertThat(loaded.stats().bytesByPath())
        .containsEntry(CACHED, copied)
        .containsEntry(DIRECT, half.bytes() - mapped - copied);
    assertThat(loaded.stats().bytesByPath().getOrDefault(MAPPED, 0L)).isEqualTo(mapped);
    assertThat(CachedParts.pages(half.path(), cachedMib * MIB, 0)).isZero();
  }

  @Test
  void tensorsOfAFileThatIsPartlyCachedAreWhereTheMappingHasThem() throws IOException {
    SampleFile half = write(40 * MIB + 5);
    CachedParts.warmOnly(half.path(), 16 * MIB);
    loads.path = AccessPath.AUTO;
    RangePlan plan = PathsTests.tensors(half, 1003);
    LoadedRanges loaded = loads.check(half, plan);
    assertThat(loaded.stats().bytesByPath()).containsOnlyKeys(MAPPED, DIRECT);
    assertThat(loaded.stats().reason().toString()).startsWith("mapped where cached: ");

    CachedParts.warmOnly(half.path(), 16 * MIB);
    loads.alignment = 64;
    assertThat(loads.check(half, plan).stats().reason().toString()).startsWith("copied: ");
  }

  @ParameterizedTest
  @EnumSource(DirectMode.class)
  void directModeIsKeptWhereAFileIsPartlyCached(DirectMode mode) throws IOException {
    SampleFile half = write(32 * MIB);
    CachedParts.warmOnly(half.path(), 16 * MIB);
    loads.path = AccessPath.AUTO;
    loads.direct = mode;
    Map<TransferPath, Long> bytes = loads.check(half).stats().bytesByPath();
    switch (mode) {
      case AUTO -> assertThat(bytes).isEqualTo(Map.of(MAPPED, 16 * MIB, DIRECT, 16 * MIB));
      case OFF -> assertThat(bytes).containsEntry(MAPPED, 16 * MIB).doesNotContainKey(DIRECT);
      case ON -> assertThat(bytes).containsOnlyKeys(DIRECT);
    }
  }

  /**
   * What the kernel is told to read ahead it reads into small pages, which storage fills slowly.
   */
  @Test
  void longMappedPartsAreReadIntoHugePages() throws IOException {
    SampleFile half = write(24 * MIB);
    loads.path = AccessPath.MAPPED;
    List<Long> toldAhead = new CopyOnWriteArrayList<>();
    List<Long> huge = new CopyOnWriteArrayList<>();
    with(
        new CountingFaults() {
          @Override
          public int fadvise(int descriptor, long offset, long length, FileAdvice advice) {
            toldAhead.add(offset);
            return super.fadvise(descriptor, offset, length, advice);
          }

          @Override
          public int madvise(long address, long length, MemoryAdvice advice) {
            if (advice == MemoryAdvice.HUGE_PAGE) {
              huge.add(length);
            }
            return super.madvise(address, length, advice);
          }
        });
    loads.check(half);
    assertThat(huge).as("advice for a file that is cached").isEmpty();

    CachedParts.evict(half.path());
    loads.check(half);
    assertThat(toldAhead).isEmpty();
    assertThat(huge).containsExactly(24 * MIB);

    huge.clear();
    CachedParts.evict(half.path());
    loads.check(half, half.plan(new ByteRange(0, 100), new ByteRange(20 * MIB, 20 * MIB + 9)));
    assertThat(toldAhead).containsExactlyInAnyOrder(0L, 20 * MIB);
    assertThat(huge).isEmpty();
  }

  /** Of a file that is partly cached, only what is not needs memory. */
  @Test
  void budgetIsForWhatIsNotMapped() throws IOException {
    SampleFile half = write(32 * MIB);
    loads.path = AccessPath.AUTO;
    CachedParts.warmOnly(half.path(), 16 * MIB);
    loads.budget = 16 * MIB;
    loads.check(half);
    loads.budget = 16 * MIB - 1;
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> loads.load(half.whole()))
        .withMessageContaining("the memory budget of the load is 16777215 bytes");
  }

  @Test
  void memoryWithinAMappingThatIsNotThereIsAnError() throws IOException {
    SampleFile half = write(32 * MIB);
    loads.path = AccessPath.AUTO;
    CachedParts.warmOnly(half.path(), 16 * MIB);
    with(
        new CountingFaults() {
          @Override
          public long mmapOver(long address, long length) {
            return -Errno.ENOMEM;
          }
        });
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> loads.load(half.whole()))
        .withMessageContaining("16777216 bytes")
        .withMessageContaining("mmap: ENOMEM");
  }

  @Test
  void brokenStorageIsNamedWhereAFileIsPartlyCached() throws IOException {
    SampleFile half = write(32 * MIB);
    CachedParts.warmOnly(half.path(), 16 * MIB);
    loads.path = AccessPath.AUTO;
    with(CountingFaults.brokenAt(20 * MIB));
    assertThatExceptionOfType(TransferException.class)
        .isThrownBy(() -> loads.load(half.whole()))
        .withMessageContaining(
            "pread: EIO, input/output error (backend posix, 1048576 bytes at 20971520)");
  }
}
