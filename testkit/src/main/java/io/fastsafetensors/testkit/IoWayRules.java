// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.LoadedRanges;
import org.junit.jupiter.api.Test;

/**
 * Rules of backends about the ways that they claim and don't claim: IO-121 and IO-122.
 *
 * @since 0.1
 */
public interface IoWayRules extends IoRules {
  /** Rule IO-121: mapping is refused where it is not claimed. */
  @Test
  default void required_io121_mappedIsRefusedUnlessClaimed() {
    isRefused(Capability.MAPPED, AccessPath.MAPPED, DirectMode.AUTO);
  }

  /** Rule IO-121: private memory is refused where it is not claimed. */
  @Test
  default void required_io121_copiedIsRefusedUnlessClaimed() {
    isRefused(Capability.COPIED, AccessPath.COPIED, DirectMode.AUTO);
  }

  /** Rule IO-121: reads past the page cache are refused where they are not claimed. */
  @Test
  default void required_io121_directIsRefusedUnlessClaimed() {
    isRefused(Capability.DIRECT_IO, AccessPath.AUTO, DirectMode.ON);
  }

  private void isRefused(Capability claim, AccessPath path, DirectMode direct) {
    IoBench.use(
        "IO-121",
        this,
        (bench, rule) -> {
          bench.unclaimed(claim, path, direct);
          SampleFile file = bench.folder.write(100_000);
          rule.refuses(
              UnsupportedTransferException.class,
              "loading with path %s and direct %s, without a claim of %s,"
                  .formatted(path, direct, claim),
              () -> bench.load(file.whole()));
        });
  }

  /** Rule IO-122: what is mapped on request is the page cache itself. */
  @Test
  default void required_io122_mappedIsThePageCache() {
    IoBench.use(
        "IO-122",
        this,
        (bench, rule) -> {
          bench.path(Capability.MAPPED, AccessPath.MAPPED, DirectMode.AUTO);
          SampleFile file = bench.folder.write(65_536);
          LoadedRanges loaded = bench.load(file.whole());
          bench.check(rule, SampleFiles.overwrite(file), file.whole(), loaded);
        });
  }

  /** Rule IO-122: what is read past the page cache comes from storage, though it is cached. */
  @Test
  default void required_io122_directReadsPassTheCache() {
    IoBench.use(
        "IO-122",
        this,
        (bench, rule) -> {
          bench.path(Capability.DIRECT_IO, AccessPath.COPIED, DirectMode.ON);
          SampleFile file = bench.folder.write(4 << 20);
          StorageReads.assumeCounted(file);
          long before = StorageReads.bytes();
          bench.check(rule, file, file.whole(), bench.load(file.whole()));
          long read = StorageReads.bytes() - before;
          rule.check(
              read >= file.bytes() / 2,
              "of %s bytes with direct ON, only %s came from storage: the page cache had the others"
                  .formatted(file.bytes(), read));
        });
  }
}
