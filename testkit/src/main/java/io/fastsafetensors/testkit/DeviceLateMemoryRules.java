// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceContext.LateBuffer;
import io.fastsafetensors.spi.DeviceContext.LatePages;
import io.fastsafetensors.testkit.ProcessSnapshot.LeakCheck;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The rules D-114 to D-116: host memory whose pages come late, where a device has it.
 *
 * @since 0.1
 */
public interface DeviceLateMemoryRules extends DeviceRules {
  /** Rule D-114: the answer is always the same, and only for memory that the host sees. */
  @Test
  default void required_d114_isThereOrIsNot() {
    DeviceBench.use(
        "D-114",
        this,
        (bench, rule) -> {
          boolean present = bench.context.lateMemory().isPresent();
          rule.check(
              !present || bench.context.isHostVisible(), "late memory that the host can't see");
          rule.same(present, bench.context.lateMemory().isPresent(), "another look at late memory");
        });
  }

  /** Rule D-114: late memory is memory as any other. */
  @Test
  default void required_d114_isMemoryAsAnyOther() {
    LateMemoryBench.use(
        "D-114",
        this,
        (bench, rule) -> {
          for (long bytes : new long[] {1, 4095, bench.late.leastBytes(), 5_000_003}) {
            for (long alignment : new long[] {1, 64, 4096, 4 << 20}) {
              LateBuffer late = bench.late.allocate(bytes, alignment, bench.promises);
              DeviceBuffer buffer = late.buffer();
              MemorySegment host = buffer.host().orElseThrow();
              rule.same(bytes, buffer.size(), "the size");
              rule.same(bytes, host.byteSize(), "the size of host()");
              rule.same(device(), buffer.device(), "the device");
              rule.same(0L, buffer.address() % alignment, "the address modulo " + alignment);
              rule.same(buffer.address(), late.buffer().address(), "the address, asked again");
              late.touch(host);
              late.end(true);
              buffer.close();
              rule.check(!host.scope().isAlive(), "host() lives on after close()");
            }
          }
        });
  }

  /** Rule D-114: sizes and alignments that make no sense are the caller's mistake. */
  @Test
  default void required_d114_senselessSizesAreRefused() {
    LateMemoryBench.use(
        "D-114",
        this,
        (bench, rule) -> {
          long[][] senseless = {{-1, 64}, {0, 64}, {100, 0}, {100, 3}, {100, -8}};
          for (long[] pair : senseless) {
            rule.refuses(
                IllegalArgumentException.class,
                "allocate(" + pair[0] + ", " + pair[1] + ")",
                () -> bench.late.allocate(pair[0], pair[1], bench.promises).buffer().close());
          }
        });
  }

  /** Rule D-114: parts are touched in any order, by several threads, and keep what they have. */
  @Test
  default void required_d114_partsAreTouchedInAnyOrder() {
    LateMemoryBench.use(
        "D-114",
        this,
        (bench, rule) -> {
          long bytes = 8_000_000;
          LateBuffer late = bench.late.allocate(bytes, 64, bench.promises);
          try (DeviceBuffer buffer = late.buffer()) {
            MemorySegment host = buffer.host().orElseThrow();
            Crew crew = new Crew(environment().patience());
            for (long i = 3; i >= 0; i--) {
              byte value = (byte) (i + 1);
              MemorySegment part = host.asSlice(i * (bytes / 4), bytes / 4);
              crew.add("thread " + i, () -> touchAndFill(late, part, value));
            }
            crew.await(rule);
            late.touch(host);
            late.end(true);
            for (int i = 0; i < bytes; i += 999) {
              byte wanted = (byte) (i / (bytes / 4) + 1);
              rule.same(wanted, host.get(ValueLayout.JAVA_BYTE, i), "byte " + i);
            }
          }
        });
  }

  private static void touchAndFill(LatePages pages, MemorySegment part, byte value)
      throws DeviceMemoryException {
    pages.touch(part);
    part.fill(value);
    pages.touch(part);
  }

  /** Rule D-114: what is left of late memory when all is closed: nothing. */
  @Test
  default void required_d114_leavesNothingBehind() {
    LateMemoryBench.use(
        "D-114",
        this,
        (_, rule) ->
            LeakCheck.check(rule, "contexts", 5, environment().patience(), this::useLateMemory));
  }

  private void useLateMemory() throws LoadException {
    try (DeviceContext context = runtime().open(device())) {
      context.attach();
      LateMemoryBench.Promises promises = new LateMemoryBench.Promises();
      for (boolean complete : new boolean[] {true, false}) {
        LateBuffer late = context.lateMemory().orElseThrow().allocate(5_000_000, 64, promises);
        try (DeviceBuffer buffer = late.buffer()) {
          late.touch(buffer.host().orElseThrow().asSlice(0, complete ? 5_000_000 : 100));
          late.end(complete);
        }
      }
    }
  }

  /** Rule D-115: memory is promised before it is there, and made of the promise. */
  @Test
  default void required_d115_pagesAreMadeOfThePromise() {
    LateMemoryBench.use(
        "D-115",
        this,
        (bench, rule) -> {
          long bytes = 5_000_000;
          LateBuffer late = bench.late.allocate(bytes, 64, bench.promises);
          try (DeviceBuffer buffer = late.buffer()) {
            rule.check(bench.promises.promised.get() >= bytes, "allocated without a promise");
            late.touch(buffer.host().orElseThrow());
            rule.check(bench.promises.made.get() >= bytes, "pages made without the promise");
            bench.promises.refusing = true;
            rule.refuses(
                DeviceMemoryException.class,
                "touch() of memory that is gone",
                () -> late.touch(buffer.host().orElseThrow()));
          }
        });
  }

  /** Rule D-115: the promise ends once the pages are there, or when the buffer is closed. */
  @Test
  default void required_d115_promisesEnd() {
    LateMemoryBench.use(
        "D-115",
        this,
        (bench, rule) -> {
          LateBuffer ended = bench.late.allocate(5_000_000, 64, bench.promises);
          LateBuffer closed = bench.late.allocate(5_000_000, 64, bench.promises);
          closed.buffer().close();
          ended.end(true);
          ended.end(true);
          rule.same(0, bench.promises.open.get(), "open promises after end() and close()");
          ended.buffer().close();
          MemorySegment mapped = bench.map(bench.file(new byte[(int) LateMemoryBench.PAGE]));
          bench.late.cover(List.of(mapped), bench.promises).end(false);
          rule.same(0, bench.promises.open.get(), "open promises after end() of covered pages");
        });
  }

  /** Rule D-115: who is promised nothing gets nothing. */
  @Test
  default void required_d115_noPromiseNoMemory() {
    LateMemoryBench.use(
        "D-115",
        this,
        (bench, rule) -> {
          byte[] bytes = DeviceBench.pattern(5, LateMemoryBench.PAGE);
          MemorySegment mapped = bench.map(bench.file(bytes));
          bench.promises.refusing = true;
          rule.refuses(
              DeviceMemoryException.class,
              "allocate() without a promise",
              () -> bench.late.allocate(5_000_000, 64, bench.promises).buffer().close());
          rule.refuses(
              DeviceMemoryException.class,
              "cover() without a promise",
              () -> bench.late.cover(List.of(mapped), bench.promises));
          DeviceBench.same(rule, bytes, DeviceBench.bytes(mapped), "a mapping not covered");
        });
  }

  /** Rule D-116: covered parts are private memory; what is beside them stays mapped. */
  @Test
  default void required_d116_coveredPartsAreApart() {
    LateMemoryBench.use(
        "D-116",
        this,
        (bench, rule) -> {
          int page = (int) LateMemoryBench.PAGE;
          byte[] bytes = DeviceBench.pattern(6, 5L * page + 100);
          Path file = bench.file(bytes);
          MemorySegment mapped = bench.map(file);
          List<MemorySegment> parts =
              List.of(mapped.asSlice(page, 2L * page), mapped.asSlice(4L * page, page + 100L));
          LatePages pages = bench.late.cover(parts, bench.promises);
          for (MemorySegment part : parts) {
            pages.touch(part);
            part.fill((byte) 7);
          }
          pages.end(true);
          DeviceBench.same(rule, bytes, Files.readAllBytes(file), "a file with covered parts");
          byte[] wanted = bytes.clone();
          Arrays.fill(wanted, page, 3 * page, (byte) 7);
          Arrays.fill(wanted, 4 * page, wanted.length, (byte) 7);
          DeviceBench.same(rule, wanted, DeviceBench.bytes(mapped), "a mapping with covered parts");
        });
  }

  /** Rule D-116: parts that start within a page are the caller's mistake. */
  @Test
  default void required_d116_partsStartAtPages() {
    LateMemoryBench.use(
        "D-116",
        this,
        (bench, rule) -> {
          byte[] bytes = DeviceBench.pattern(7, 2 * LateMemoryBench.PAGE);
          MemorySegment mapped = bench.map(bench.file(bytes));
          List<MemorySegment> parts =
              List.of(mapped.asSlice(0, 100), mapped.asSlice(LateMemoryBench.PAGE + 1, 100));
          rule.refuses(
              IllegalArgumentException.class,
              "cover() of a part within a page",
              () -> bench.late.cover(parts, bench.promises));
          DeviceBench.same(rule, bytes, DeviceBench.bytes(mapped), "a mapping not covered");
          rule.same(0, bench.promises.open.get(), "open promises");
        });
  }
}
