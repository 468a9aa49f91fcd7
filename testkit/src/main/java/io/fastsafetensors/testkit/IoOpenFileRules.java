// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.IoBackend.OpenFile;
import io.fastsafetensors.testkit.ProcessSnapshot.LeakCheck;
import io.fastsafetensors.testkit.SampleFiles.FileCuts;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/**
 * Rules of backends about files that are read on demand: IO-126 to IO-130, and IO-121 for them.
 *
 * @since 0.1
 */
public interface IoOpenFileRules extends IoRules {
  /** Rule IO-121: reads past the page cache are refused where they are not claimed. */
  @Test
  default void required_io121_directOpenFileIsRefusedUnlessClaimed() {
    IoBench.use(
        "IO-121",
        this,
        (bench, rule) -> {
          bench.unclaimed(Capability.DIRECT_IO, AccessPath.AUTO, DirectMode.ON);
          SampleFile file = bench.folder.write(10_000);
          rule.refuses(
              UnsupportedTransferException.class,
              "opening a file with direct ON, without a claim of DIRECT_IO,",
              () -> bench.openFile(file.path()).close());
        });
  }

  /** Rule IO-126: bytes are read at any place, of any size, to any address. */
  @Test
  default void required_io126_readsAnyPlace() {
    IoBench.use(
        "IO-126",
        this,
        (bench, rule) -> {
          SampleFile file = bench.folder.write(3_000_001);
          try (OpenFile open = bench.openFile(file.path())) {
            rule.same(file.bytes(), open.size(), "the open file's size");
            check(rule, file, open, 0, 8);
            check(rule, file, open, 2_999_990, 11);
            check(rule, file, open, 4_095, 2);
            check(rule, file, open, 4_096, 8_192);
            check(rule, file, open, 1, 3_000_000);
            check(rule, file, open, 0, 3_000_001);
            check(rule, file, open, 0, 8);
          }
        });
  }

  /** Rule IO-126: many threads read at a time, and none changes what another gets. */
  @Test
  default void required_io126_manyThreadsRead() {
    IoBench.use(
        "IO-126",
        this,
        (bench, rule) -> {
          SampleFile file = bench.folder.write(1 << 20);
          try (OpenFile open = bench.openFile(file.path());
              ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Callable<Boolean>> jobs = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
              Random random = new Random(thread);
              jobs.add(() -> {
                for (int i = 0; i < 50; i++) {
                  long from = random.nextLong(file.bytes() - 1);
                  long most = Math.min(20_000, file.bytes() - from);
                  check(rule, file, open, from, random.nextLong(1, most + 1));
                }
                return true;
              });
            }
            for (Future<Boolean> job : threads.invokeAll(jobs)) {
              rule.allows("one of 8 threads that read at a time", () -> get(job));
            }
          }
        });
  }

  private static Boolean get(Future<Boolean> job) throws Exception {
    try {
      return job.get();
    } catch (java.util.concurrent.ExecutionException e) {
      if (Rule.cause(e) instanceof Error error) {
        throw error;
      }
      throw e;
    }
  }

  /** Rule IO-126: a file that is missing is an error, and no lack of a feature. */
  @Test
  default void required_io126_noFileIsAnError() {
    IoBench.use(
        "IO-126",
        this,
        (bench, rule) -> {
          Path missing = bench.folder.next();
          IOException e =
              rule.refuses(
                  IOException.class,
                  "opening a file that is missing",
                  () -> bench.openFile(missing).close());
          rule.check(
              !(e instanceof UnsupportedTransferException),
              "a file that is missing is not a lack of a feature: " + e);
        });
  }

  /** Rule IO-126: a file of another provider is read or refused, and nothing else. */
  @Test
  default void required_io126_otherFileSystemsAreReadOrUnsupported() {
    IoBench.use(
        "IO-126",
        this,
        (bench, rule) -> {
          try (FileSystem zip = bench.folder.newZip()) {
            SampleFile file = SampleFiles.write(zip.getPath("/inside.bin"), 100_000, 5);
            try (OpenFile open = bench.openFile(file.path())) {
              check(rule, file, open, 50_000, 1_000);
              check(rule, file, open, 10, 1_000);
            } catch (UnsupportedTransferException e) {
              return; // the engine asks the next backend
            } catch (IOException | RuntimeException e) {
              throw rule.broken("a file of another provider, neither read nor unsupported: " + e);
            }
          }
        });
  }

  /** Rule IO-127: bytes that are not there are an error, at the end and after a cut. */
  @Test
  default void required_io127_allOfTheTargetOrAnError() {
    IoBench.use(
        "IO-127",
        this,
        (bench, rule) -> {
          SampleFile file = bench.folder.write(100_000);
          try (OpenFile open = bench.openFile(file.path())) {
            refusesRead(rule, open, 99_990, 20, "past the end");
            refusesRead(rule, open, 100_000, 1, "from the end on");
            FileCuts.cut(file.path(), 50_000);
            refusesRead(rule, open, 49_990, 20, "over the place where the file was cut off");
            refusesRead(rule, open, 60_000, 20, "behind the place where the file was cut off");
          }
        });
  }

  private static void refusesRead(Rule rule, OpenFile open, long from, long bytes, String where) {
    try (Arena arena = Arena.ofShared()) {
      rule.refuses(
          IOException.class, "a read " + where, () -> open.read(arena.allocate(bytes), from));
    }
  }

  /** Rule IO-128: a version stays as long as the file does, and is another one after a write. */
  @Test
  default void required_io128_versionTellsOfWrites() {
    IoBench.use(
        "IO-128",
        this,
        (bench, rule) -> {
          SampleFile file = bench.folder.write(100_000);
          Files.setLastModifiedTime(
              file.path(), FileTime.from(Instant.now().minus(Duration.ofHours(1))));
          try (OpenFile open = bench.openFile(file.path());
              OpenFile other = bench.openFile(file.path())) {
            Optional<Object> before = open.version();
            check(rule, file, open, 0, 1_000);
            rule.same(before, open.version(), "the version of an open file that nobody wrote to");
            rule.same(before, other.version(), "the version of the file, opened once more,");
            SampleFiles.overwrite(file);
            Optional<Object> after = open.version();
            rule.check(
                before.isEmpty() || !before.equals(after),
                "the version is the same after a write: " + after);
          }
        });
  }

  /** Rule IO-129: a mapping is the whole file, can't be written to, and outlives the open file. */
  @Test
  default void required_io129_mappingIsTheFile() {
    IoBench.use(
        "IO-129",
        this,
        (bench, rule) -> {
          SampleFile file = bench.folder.write(100_001);
          Optional<DeviceBuffer> mapped;
          try (OpenFile open = bench.openFile(file.path())) {
            boolean before = open.isCached(0, file.bytes());
            mapped = open.map();
            rule.check(
                !before || mapped.isPresent(), "the file is cached, and there is no mapping");
          }
          if (mapped.isPresent()) {
            try (DeviceBuffer buffer = mapped.get()) {
              checkMapping(rule, file, buffer);
            }
          }
        });
  }

  private static void checkMapping(Rule rule, SampleFile file, DeviceBuffer buffer)
      throws IOException {
    MemorySegment memory =
        buffer.host().orElseThrow(() -> rule.broken("the host can't read the mapping"));
    rule.same(file.bytes(), buffer.size(), "the size of the mapping");
    rule.check(memory.isReadOnly(), "the mapping can be written to");
    same(rule, file, 0, memory, "the mapping of a file that is closed");
    same(rule, SampleFiles.overwrite(file), 0, memory, "the mapping, after a write,");
  }

  /** Rule IO-130: nothing is left of a file that was closed, read and mapped. */
  @Test
  default void required_io130_openFilesLeaveNothing() {
    IoBench.use(
        "IO-130",
        this,
        (bench, rule) -> {
          SampleFile file = bench.folder.write(100_000);
          LeakCheck.<IOException>check(
              rule,
              "open files of " + backend().id(),
              5,
              Duration.ofSeconds(20),
              () -> {
                OpenFile open = bench.openFile(file.path());
                try (Arena arena = Arena.ofShared()) {
                  open.read(arena.allocate(70_000), 10_001);
                  var _ = open.isCached(0, file.bytes());
                  open.map().ifPresent(DeviceBuffer::close);
                } finally {
                  open.close();
                  open.close(); // does nothing
                }
              });
        });
  }

  private static void check(Rule rule, SampleFile file, OpenFile open, long from, long bytes)
      throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(bytes + 2);
      open.read(memory.asSlice(1, bytes), from);
      same(rule, file, from, memory.asSlice(1, bytes), "a read of " + bytes + " bytes at " + from);
      byte first = memory.get(ValueLayout.JAVA_BYTE, 0);
      byte last = memory.get(ValueLayout.JAVA_BYTE, bytes + 1);
      rule.check(first == 0 && last == 0, "a read wrote beside its target");
    }
  }

  private static void same(
      Rule rule, SampleFile file, long from, MemorySegment memory, String what) {
    byte[] wanted = file.expected(new ByteRange(from, from + memory.byteSize()));
    int wrong = Arrays.mismatch(wanted, memory.toArray(ValueLayout.JAVA_BYTE));
    rule.check(wrong < 0, what + " has a wrong byte at " + (from + wrong));
  }
}
