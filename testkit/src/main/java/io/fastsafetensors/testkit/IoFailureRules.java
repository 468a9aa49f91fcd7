// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.testkit.SampleFiles.FileCuts;
import io.fastsafetensors.testkit.blame.Blame;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Rules of backends about what goes wrong: IO-105, IO-106, IO-107, IO-109, IO-116, IO-123 and
 * IO-124.
 *
 * @since 0.1
 */
public interface IoFailureRules extends IoRules {
  /** Rule IO-105: the file is shorter than when its header was read. */
  @Test
  default void required_io105_shortReadIsAnError() {
    for (long left : new long[] {0, 1, 65_536, 199_999}) {
      IoBench.use(
          "IO-105",
          this,
          (bench, rule) -> {
            bench.blocks(65_536);
            RangePlan plan = shortened(bench, left);
            rule.refuses(
                LoadException.class,
                "loading 200000 bytes of a file of " + left,
                () -> bench.load(plan));
          });
    }
  }

  /** Rule IO-105: the file is shortened after the first block. */
  @Test
  default void required_io105_fileThatShrinksMeanwhileIsAnError() {
    IoBench.use(
        "IO-105",
        this,
        (bench, rule) -> {
          bench.copied().threads(1).blocks(4096);
          SampleFile file = bench.folder.write(1 << 20);
          bench.monitor.onBlock(block -> FileCuts.cut(file.path(), 4096));
          try {
            bench.check(rule, file, file.whole(), bench.load(file.whole()));
          } catch (LoadException e) {
            rule.check(
                bench.monitor.blockBytes() < file.bytes(), "failed although all was read: " + e);
          }
        });
  }

  /** Rule IO-105: there is no file. */
  @Test
  default void required_io105_missingFileIsAnError() {
    IoBench.use(
        "IO-105",
        this,
        (bench, rule) -> {
          SampleFile file = new SampleFile(bench.folder.next(), 1000, 1);
          LoadException failure =
              rule.refuses(
                  LoadException.class, "loading a missing file", () -> bench.load(file.whole()));
          rule.check(
              String.valueOf(failure.getMessage()).contains(file.path().toString()),
              "the message does not name the file: " + failure);
        });
  }

  /** Rule IO-105: the path is a folder. */
  @Test
  default void required_io105_folderIsAnError() {
    IoBench.use(
        "IO-105",
        this,
        (bench, rule) -> {
          SampleFile folder = new SampleFile(Files.createDirectory(bench.folder.next()), 1000, 1);
          rule.refuses(LoadException.class, "loading a folder", () -> bench.load(folder.whole()));
        });
  }

  /** Rule IO-106: the session asks before each block whether to go on. */
  @Test
  default void required_io106_asksBeforeEachBlock() {
    IoBench.use(
        "IO-106",
        this,
        (bench, rule) -> {
          bench.blocks(4096);
          bench.load(bench.folder.write(100_000).whole());
          int blocks = bench.monitor.blocks().size();
          rule.check(
              bench.monitor.checkpoints() >= blocks,
              bench.monitor.checkpoints() + " checkpoints for " + blocks + " blocks");
        });
  }

  /** Rule IO-106: a load that is cancelled ends, and says so. */
  @Test
  default void required_io106_cancellationEndsTheLoad() {
    for (int checkpoint : new int[] {1, 2, 20}) {
      IoBench.use(
          "IO-106",
          this,
          (bench, rule) -> {
            bench.copied().threads(2).blocks(4096);
            SampleFile file = bench.folder.write(64 * 4096);
            bench.monitor.cancelAt(checkpoint);
            rule.refuses(
                LoadCancelledException.class,
                "a load cancelled at checkpoint " + checkpoint,
                () -> bench.ends(rule, "a cancelled load", () -> bench.load(file.whole())));
            rule.check(
                bench.monitor.blockBytes() < file.bytes(), "all was read in spite of cancellation");
          });
    }
  }

  /** Rule IO-106: an interrupt of the thread that waits ends the load. */
  @Test
  default void required_io106_interruptEndsTheWait() {
    IoBench.use(
        "IO-106",
        this,
        (bench, rule) ->
            HeldReader.awaitFails(
                bench,
                rule,
                LoadCancelledException.class,
                "await() on an interrupted thread",
                () -> Thread.currentThread().interrupt()));
  }

  /** Rule IO-107: a wait ends at the deadline, even if a reader hangs. */
  @Test
  default void required_io107_waitEndsAtTheDeadline() {
    IoBench.use(
        "IO-107",
        this,
        (bench, rule) ->
            HeldReader.awaitFails(
                bench,
                rule,
                LoadException.class,
                "await() with a reader that hangs",
                () -> bench.monitor.deadline(environment().quiet())));
  }

  /** Rule IO-123: stopping ends at its deadline, and tells whether closing will wait. */
  @Test
  default void required_io123_stopTellsWhetherReadsHang() {
    IoBench.use("IO-123", this, HeldReader::stopTells);
  }

  /** Rule IO-109: data that can't be read is no reason to try another backend. */
  @Test
  default void required_io109_badDataIsNotUnsupported() {
    IoBench.use(
        "IO-109",
        this,
        (bench, rule) -> {
          isNotUnsupported(bench, rule, "that became shorter", shortened(bench, 100_000));
          isNotUnsupported(bench, rule, "that became empty", shortened(bench, 0));
        });
  }

  /** Rule IO-109: a file that is not there is no reason to try another backend. */
  @Test
  default void required_io109_missingFileIsNotUnsupported() {
    IoBench.use(
        "IO-109",
        this,
        (bench, rule) -> {
          SampleFile missing = new SampleFile(bench.folder.next(), 1000, 1);
          isNotUnsupported(bench, rule, "that is missing", missing.whole());
        });
  }

  private static void isNotUnsupported(IoBench bench, Rule rule, String what, RangePlan plan) {
    try {
      bench.load(plan);
    } catch (UnsupportedTransferException e) {
      throw rule.broken("a file " + what + " is not a lack of a feature: " + e);
    } catch (LoadException e) {
      return; // as it should be; IO-105 looks closer
    }
  }

  /** Rule IO-109: files of another file system provider are read, or refused as unsupported. */
  @Test
  default void required_io109_otherFileSystemsAreReadOrUnsupported() {
    IoBench.use(
        "IO-109",
        this,
        (bench, rule) -> {
          try (FileSystem zip = bench.folder.newZip()) {
            SampleFile file = SampleFiles.write(zip.getPath("/inside.bin"), 100_000, 5);
            try {
              bench.check(rule, file, file.whole(), bench.load(file.whole()));
            } catch (UnsupportedTransferException e) {
              return; // the engine asks the next backend
            } catch (LoadException | RuntimeException e) {
              throw rule.broken("a file of another provider, neither read nor unsupported: " + e);
            }
          }
        });
  }

  /** Rule IO-116: a device without memory is an error, and nothing is left behind. */
  @Test
  default void required_io116_failedAllocationIsAnError() {
    for (int nth : List.of(1, 2, 3, 4)) {
      IoBench.use(
          "IO-116",
          this,
          (bench, rule) -> {
            bench.blocks(16_384);
            bench.context.failAllocation(nth);
            loadOnBrokenDevice(bench, "allocation " + nth);
          });
    }
  }

  /** Rule IO-116: an operation that fails on the device is an error, and nothing is left behind. */
  @Test
  default void required_io116_failedOperationIsAnError() {
    for (int nth : List.of(1, 2, 3, 4, 5, 6, 8, 12)) {
      IoBench.use(
          "IO-116",
          this,
          (bench, rule) -> {
            bench.blocks(16_384);
            bench.context.failOperation(nth);
            loadOnBrokenDevice(bench, "operation " + nth);
          });
    }
  }

  private static void loadOnBrokenDevice(IoBench bench, String broken) throws IOException {
    Rule rule = new Rule("IO-116");
    SampleFile file = bench.folder.write(100_000);
    try (IoSession session = bench.session()) {
      LoadedRanges loaded = bench.load(session, file.whole());
      bench.check(rule, file, file.whole(), loaded);
      IoBench.release(loaded);
    } catch (LoadException e) {
      // the device failed, and so did the load
    } catch (RuntimeException e) {
      throw rule.broken(
          "threw " + Blame.of(e) + " when " + broken + " failed, want a LoadException");
    }
    bench.checkNothingOpen(rule, "a failure of " + broken);
  }

  /** Rule IO-124: host memory that is refused is an error before anything is read. */
  @Test
  default void required_io124_refusedHostMemoryIsAnError() {
    IoBench.use(
        "IO-124",
        this,
        (bench, rule) -> {
          bench.copied();
          bench.monitor.memory().refuse();
          SampleFile file = bench.folder.write(100_000);
          try {
            bench.load(file.whole());
          } catch (DeviceMemoryException e) {
            rule.same(0, bench.monitor.blocks().size(), "the number of blocks read before");
            return;
          } catch (LoadException | RuntimeException e) {
            throw rule.broken(
                "threw " + Blame.of(e) + " for refused memory, want its DeviceMemoryException");
          }
          assumeAsked(bench);
          throw rule.broken("went on without the host memory that was refused");
        });
  }

  /** Rule IO-124: what was promised is given back: else later loads are refused. */
  @Test
  default void required_io124_promisesOfHostMemoryEnd() {
    IoBench.use(
        "IO-124",
        this,
        (bench, rule) -> {
          bench.copied();
          try (IoSession session = bench.session()) {
            IoBench.release(bench.load(session, bench.folder.write(100_000).whole()));
            bench.submit(session, bench.folder.write(100_000).whole()).close();
          }
          assumeAsked(bench);
          rule.same(0, bench.monitor.memory().open(), "the number of promises that nobody closed");
        });
  }

  private static void assumeAsked(IoBench bench) {
    Assumptions.assumeTrue(
        bench.monitor.memory().asked() > 0, "the backend asks for no host memory of the load");
  }

  private static RangePlan shortened(IoBench bench, long left) throws IOException {
    SampleFile file = bench.folder.write(200_000);
    FileCuts.cut(file.path(), left);
    return file.whole();
  }
}
