// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.IoBackend.OpenFile;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.Region;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Rules of backends about memory that is to be written: IO-136.
 *
 * @since 0.1
 */
public interface IoWritableRules extends IoRules {
  /** Rule IO-136, on the way that the backend chooses. */
  @Test
  default void required_io136_rangesMayBeWritten() {
    IoBench.use("IO-136", this, (bench, rule) -> checkRanges(bench, rule));
  }

  /** Rule IO-136, mapped; whoever can't map so refuses. */
  @Test
  default void required_io136_mappedRangesMayBeWrittenOrAreRefused() {
    IoBench.use(
        "IO-136",
        this,
        (bench, rule) -> {
          bench.path(Capability.MAPPED, AccessPath.MAPPED, DirectMode.AUTO);
          try {
            checkRanges(bench, rule);
          } catch (UnsupportedTransferException e) {
            return; // the engine asks the next backend
          }
        });
  }

  private static void checkRanges(IoBench bench, Rule rule) throws IOException {
    SampleFile file = bench.folder.write(300_001);
    byte[] before = Files.readAllBytes(file.path());
    LoadedRanges loaded = bench.writable().load(file.whole());
    List<MemorySegment> seen =
        loaded.regions().stream()
            .map(Region::buffer)
            .distinct()
            .flatMap(buffer -> buffer.host().stream())
            .toList();
    Assumptions.assumeFalse(
        seen.isEmpty(), "the host doesn't see the ranges, so that they are no file's pages");
    seen.forEach(memory -> overwrite(rule, memory, "a range"));
    checkFile(rule, file, before, "a range");
    bench.check(rule, file, file.whole(), bench.load(file.whole()));
  }

  /** Rule IO-136: mappings of a file that is open. */
  @Test
  default void required_io136_mappingsMayBeWritten() {
    IoBench.use(
        "IO-136",
        this,
        (bench, rule) -> {
          SampleFile file = bench.folder.write(300_001);
          byte[] before = Files.readAllBytes(file.path());
          try (OpenFile open = bench.writable().openFile(file.path())) {
            Optional<DeviceBuffer> mapped = open.map();
            if (mapped.isEmpty()) {
              return; // the engine copies
            }
            try (DeviceBuffer buffer = mapped.get();
                DeviceBuffer next = open.map().orElseThrow(() -> rule.broken("maps only once"))) {
              overwrite(rule, buffer.host().orElseThrow(), "a mapping");
              checkFile(rule, file, before, "a mapping");
              byte[] found = next.host().orElseThrow().toArray(ValueLayout.JAVA_BYTE);
              rule.check(
                  Arrays.equals(before, found), "what was written to a mapping shows in the next");
            }
          }
        });
  }

  private static void overwrite(Rule rule, MemorySegment memory, String what) {
    rule.check(!memory.isReadOnly(), what + " can't be written to");
    for (long at = 0; at < memory.byteSize(); at++) {
      byte now = memory.get(ValueLayout.JAVA_BYTE, at);
      memory.set(ValueLayout.JAVA_BYTE, at, (byte) ~now);
    }
  }

  private static void checkFile(Rule rule, SampleFile file, byte[] before, String what)
      throws IOException {
    rule.check(
        Arrays.equals(before, Files.readAllBytes(file.path())),
        "what was written to " + what + " is in the file");
  }
}
