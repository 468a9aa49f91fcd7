// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * The rules D-201 to D-211: streams and marks.
 *
 * @since 0.1
 */
public interface DeviceStreamRules extends DeviceRules {
  /** Rule D-201: operations are carried out in order, and are done when their mark is. */
  @Test
  default void required_d201_operationsAreInOrder() {
    DeviceBench.use(
        "D-201",
        this,
        (bench, rule) -> {
          int bytes = 1_000_003;
          MemorySegment result = bench.host(bytes);
          try (DeviceBuffer first = bench.filled(bytes, 1);
              DeviceBuffer second = bench.buffer(bytes)) {
            bench.stream.copy(Region.of(first), Region.of(second));
            bench.stream.copyFromHost(bench.host(DeviceBench.pattern(2, bytes)), Region.of(first));
            bench.stream.copyToHost(Region.of(second), result);
            StreamMark mark = bench.stream.record();
            mark.await(bench.soon());
            rule.check(mark.isDone(), "a mark is not done after await()");
            DeviceBench.same(
                rule, DeviceBench.pattern(1, bytes), DeviceBench.bytes(result), "a copy of a copy");
            DeviceBench.same(
                rule,
                DeviceBench.pattern(2, bytes),
                bench.read(Region.of(first)),
                "memory that was written twice");
          }
        });
  }

  /** Rule D-202: what fails later fails the next mark. */
  @Test
  default void required_d202_failureShowsAtTheMark() {
    Faults faults = assumeFaults();
    DeviceBench.use(
        "D-202",
        this,
        (bench, rule) -> {
          try (DeviceBuffer buffer = bench.buffer(1000);
              DeviceStream stream = bench.context.newStream()) {
            faults.failNextOperation();
            rule.refuses(
                LoadException.class,
                "await() after an operation that failed",
                () -> {
                  stream.copyFromHost(bench.host(1000), Region.of(buffer));
                  stream.record().await(bench.soon());
                });
          }
          try (DeviceBuffer other = bench.filled(10, 1)) {
            bench.read(Region.of(other)); // other streams go on
          }
        });
  }

  private Faults assumeFaults() {
    Assumptions.assumeTrue(
        faults().isPresent(), "faults() gives no way to break " + device() + " on purpose");
    return faults().orElseThrow();
  }

  /** Rule D-204: rows are copied at their distances, and nothing between them is touched. */
  @Test
  default void required_d204_rowsAtADistance() {
    DeviceBench.use(
        "D-204",
        this,
        (bench, rule) -> {
          RowShapes.copyOnDevice(bench, rule);
          RowShapes.copyFromHost(bench, rule);
          RowShapes.copyToHost(bench, rule);
        });
  }

  /** Rule D-204: nothing to copy is no mistake. */
  @Test
  default void required_d204_nothingToCopy() {
    DeviceBench.use(
        "D-204",
        this,
        (bench, rule) -> {
          try (DeviceBuffer buffer = bench.filled(100, 1);
              DeviceBuffer empty = bench.buffer(0)) {
            bench.stream.copy(new Region(buffer, 0, 0, 10, 10), new Region(buffer, 50, 0, 10, 20));
            bench.stream.copy(new Region(buffer, 0, 5, 0, 10), new Region(buffer, 50, 5, 0, 0));
            bench.stream.copyFromHost(bench.host(0), Region.of(empty));
            bench.stream.copyToHost(Region.of(empty), bench.host(0));
            DeviceBench.same(
                rule,
                DeviceBench.pattern(1, 100),
                bench.read(Region.of(buffer)),
                "memory after copies of nothing");
          }
        });
  }

  /** Rule D-205: sizes that differ are the caller's mistake. */
  @Test
  default void required_d205_sizesThatDifferAreRefused() {
    DeviceBench.use(
        "D-205",
        this,
        (bench, rule) -> {
          try (DeviceBuffer buffer = bench.buffer(100)) {
            Region ten = Region.of(buffer, 0, 10);
            Region two = new Region(buffer, 50, 2, 5, 5);
            refuses(rule, "copy() of other rows", () -> bench.stream.copy(ten, two));
            refuses(rule, "copyFromHost()", () -> bench.stream.copyFromHost(bench.host(11), ten));
            refuses(rule, "copyToHost()", () -> bench.stream.copyToHost(ten, bench.host(9)));
          }
        });
  }

  private static void refuses(Rule rule, String call, Executable body) {
    rule.refuses(IllegalArgumentException.class, call + " with sizes that differ", body);
  }

  /** Rule D-206: conversions give what {@link HostMemory#convert} gives. */
  @Test
  default void required_d206_conversionsAreThoseOfTheHost() {
    DeviceBench.use(
        "D-206",
        this,
        (bench, rule) -> {
          for (DType from : DType.values()) {
            for (DType to : DType.values()) {
              if (bench.context.canConvert(from, to)) {
                ConversionCheck.compare(bench, rule, from, to);
              } else {
                ConversionCheck.isRefused(bench, rule, from, to);
              }
            }
          }
        });
  }

  /** Rule D-207: closing a stream waits for what is queued. */
  @Test
  default void required_d207_closeWaits() {
    DeviceBench.use(
        "D-207",
        this,
        (bench, rule) -> {
          int bytes = 1_000_003;
          MemorySegment result = bench.host(bytes);
          try (DeviceBuffer buffer = bench.buffer(bytes)) {
            DeviceStream stream = bench.context.newStream();
            stream.copyFromHost(bench.host(DeviceBench.pattern(3, bytes)), Region.of(buffer));
            stream.copyToHost(Region.of(buffer), result);
            stream.close();
            DeviceBench.same(
                rule,
                DeviceBench.pattern(3, bytes),
                DeviceBench.bytes(result),
                "memory after close()");
            stream.close();
          }
        });
  }

  /** Rule D-208: a wait ends at its deadline. */
  @Test
  default void required_d208_awaitEndsAtTheDeadline() {
    Faults faults = assumeFaults();
    DeviceBench.use(
        "D-208",
        this,
        (bench, rule) -> {
          try (DeviceBuffer buffer = bench.buffer(1000)) {
            faults.stall(true);
            bench.stream.copyFromHost(bench.host(1000), Region.of(buffer));
            StreamMark mark = bench.stream.record();
            rule.check(!mark.isDone(), "a mark of a stream that stands still is done");
            rule.ends(environment().patience(), "await()", () -> isLate(rule, bench, mark));
            faults.stall(false);
            mark.await(bench.soon());
          } finally {
            faults.stall(false);
          }
        });
  }

  private static boolean isLate(Rule rule, DeviceBench bench, StreamMark mark) {
    bench.context.attach();
    rule.refuses(
        LoadException.class,
        "await() with a deadline of 20 ms on a stream that stands still",
        () -> mark.await(Deadline.after(Duration.ofMillis(20))));
    return true;
  }

  /** Rule D-209: a mark with nothing before it is soon done. */
  @Test
  default void required_d209_markOfNothing() {
    DeviceBench.use(
        "D-209",
        this,
        (bench, rule) -> {
          StreamMark mark = bench.stream.record();
          mark.await(bench.soon());
          mark.await(bench.soon());
          rule.check(mark.isDone(), "a mark of nothing is not done");
        });
  }

  /** Rule D-210: a stream knows its context. */
  @Test
  default void required_d210_streamKnowsItsContext() {
    DeviceBench.use(
        "D-210",
        this,
        (bench, rule) -> rule.same(bench.context, bench.stream.context(), "the stream's context"));
  }

  /** Rule D-211: streams don't wait for each other, and there can be many. */
  @Test
  default void required_d211_streamsAreIndependent() {
    DeviceBench.use("D-211", this, ManyStreams::awaitBackwards);
  }
}
