// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static io.fastsafetensors.TransferPath.DIRECT;
import static io.fastsafetensors.TransferPath.MAPPED;
import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is mapped to be written is mapped as fast, and written without the file's knowing. */
class WritableMappingsTests extends FaultFixture {
  /** All of it cached, a part, nothing. */
  @ParameterizedTest
  @CsvSource({"AUTO, 33", "AUTO, 16", "MAPPED, 33", "MAPPED, 16", "MAPPED, 0"})
  void whatIsWrittenStaysInMemory(AccessPath path, long cachedMib) throws IOException {
    SampleFile sample = SampleFiles.write(folder.resolve("written"), 32 * MIB + 5, 1);
    CachedParts.warmOnly(sample.path(), Math.min(cachedMib * MIB, sample.bytes()));
    loads.path = path;
    loads.writable = true;
    LoadedRanges loaded = loads.load(sample.whole());
    Loads.compare(sample, sample.whole(), loaded);
    assertThat(loaded.stats().bytesByPath())
        .containsKey(path == AccessPath.AUTO && cachedMib == 16 ? DIRECT : MAPPED);

    MemorySegment memory = loaded.buffers().getFirst().host().orElseThrow();
    byte[] before = Files.readAllBytes(sample.path());
    memory.fill((byte) 7);
    assertThat(Arrays.equals(Files.readAllBytes(sample.path()), before)).isTrue();
    LoadedRanges again = loads.load(sample.whole());
    Loads.compare(sample, sample.whole(), again);
    Loads.release(again);
    Loads.release(loaded);
  }

  /** Page tables are filled a huge page at a time, as of what is mapped for reading. */
  @Test
  void hugePagesOfThePageCacheAreMappedAsSuch() throws IOException {
    SampleFile sample = SampleFiles.write(folder.resolve("huge"), 32 * MIB, 1);
    CachedParts.evict(sample.path());
    loads.path = AccessPath.MAPPED;
    Loads.release(loads.load(sample.whole())); // reads it into huge pages, where the system can
    long forReading = hugeKib(sample.path());
    loads.writable = true;
    assertThat(hugeKib(sample.path())).isEqualTo(forReading);
  }

  private long hugeKib(Path file) throws IOException {
    SampleFile sample = new SampleFile(file, 32 * MIB, 1);
    LoadedRanges loaded = loads.load(sample.whole());
    long kib = 0;
    boolean inFile = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        inFile = line.endsWith(file.toString());
      } else if (inFile && line.startsWith("FilePmdMapped:")) {
        kib += Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    Loads.release(loaded);
    return kib;
  }
}
