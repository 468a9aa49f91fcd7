// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.IoTicket.EarlyRanges;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Rules of backends about ranges that are given out before all of a file is there: IO-131 to
 * IO-135. Skipped, visibly, for backends that give out none.
 *
 * @since 0.1
 */
public interface IoEarlyRules extends IoRules {
  /** Rule IO-131: each range has its bytes when it is given out, in any order. */
  @Test
  default void required_io131_earlyRangesHaveTheirBytes() {
    IoBench.use(
        "IO-131",
        this,
        (bench, rule) -> {
          bench.copied().threads(3).blocks(EarlyFile.BLOCK);
          try (IoSession session = bench.session()) {
            EarlyFile file = EarlyFile.write(bench);
            try (IoTicket ticket = bench.submit(session, file.plan())) {
              EarlyRanges early = bench.early(ticket);
              Map<Integer, Region> regions = new HashMap<>();
              for (int range : file.shuffled()) {
                regions.put(range, file.check(bench, rule, early, range));
              }
              LoadedRanges loaded = bench.await(ticket);
              bench.check(rule, file.file(), file.plan(), loaded);
              for (int range : file.shuffled()) {
                rule.same(
                    loaded.regions().get(range),
                    Objects.requireNonNull(regions.get(range)),
                    "the region that was given out early of range " + range);
                rule.same(
                    loaded.regions().get(range),
                    bench.await(early, range),
                    "the region that is given out after await() of range " + range);
              }
            }
          }
        });
  }

  /** Rule IO-131: an empty range is there, whatever the others are. */
  @Test
  default void required_io131_emptyRangesAreGivenOut() {
    IoBench.use(
        "IO-131",
        this,
        (bench, rule) -> {
          bench.copied();
          try (IoSession session = bench.session()) {
            SampleFile file = bench.folder.write(10_000);
            RangePlan plan =
                file.plan(new ByteRange(7, 7), new ByteRange(7, 9000), new ByteRange(9000, 9000));
            try (IoTicket ticket = bench.submit(session, plan)) {
              EarlyRanges early = bench.early(ticket);
              for (int i : List.of(0, 2, 1)) {
                Region region =
                    bench.ends(rule, "await of range " + i, () -> bench.await(early, i));
                bench.check(rule, file, plan.ranges().get(i), region);
              }
              bench.await(ticket);
            }
          }
        });
  }

  /** Rule IO-132: what was read is given out while readers are held. */
  @Test
  default void required_io132_rangesDontWaitForOthers() {
    IoBench.use(
        "IO-132",
        this,
        (bench, rule) -> {
          bench.copied().threads(1).blocks(EarlyFile.BLOCK);
          try (IoSession session = bench.session()) {
            EarlyFile file = EarlyFile.write(bench);
            bench.monitor.holdReadersAfter(EarlyFile.BLOCKS / 2);
            try (IoTicket ticket = bench.submit(session, file.plan())) {
              try {
                checkHalf(bench, rule, file, bench.early(ticket));
              } finally {
                bench.monitor.releaseReaders(); // the ticket's close waits for them
              }
            }
          }
        });
  }

  private void checkHalf(IoBench bench, Rule rule, EarlyFile file, EarlyRanges early)
      throws Exception {
    bench.monitor.awaitHeld(environment().patience());
    List<Integer> read = file.read(bench.monitor.blocks());
    Assumptions.assumeFalse(read.isEmpty(), "half of the blocks are of no range all");
    for (int range : read) {
      bench.ends(
          rule,
          "await of a range whose blocks were read",
          () -> file.check(bench, rule, early, range));
      rule.check(early.isThere(range), "isThere() says no of a range that was given out");
    }
    for (int range : file.untouched(bench.monitor.blocks())) {
      rule.check(!early.isThere(range), "isThere() says yes of a range that nobody read");
    }
  }

  /** Rule IO-133: what was given out outlives a ticket that is closed before its end. */
  @Test
  default void required_io133_givenRangesOutliveAClosedTicket() {
    IoBench.use(
        "IO-133",
        this,
        (bench, rule) -> {
          bench.copied().threads(1).blocks(EarlyFile.BLOCK);
          EarlyFile file = EarlyFile.write(bench);
          Region given;
          try (IoSession session = bench.session()) {
            try (IoTicket ticket = bench.submit(session, file.plan())) {
              EarlyRanges early = bench.early(ticket);
              given = file.check(bench, rule, early, 0);
            }
          }
          checkGiven(bench, rule, file, given);
        });
  }

  private static void checkGiven(IoBench bench, Rule rule, EarlyFile file, Region given)
      throws LoadException {
    rule.check(TrackedContext.isOpen(given.buffer()), "a buffer that was given out is closed");
    bench.check(rule, file.file(), file.range(0), given);
    given.buffer().close();
    bench.checkNothingOpen(rule, "a ticket of which a range was given out");
  }

  /** Rule IO-133: what was given out outlives a ticket that fails. */
  @Test
  default void required_io133_givenRangesOutliveAFailure() {
    IoBench.use(
        "IO-133",
        this,
        (bench, rule) -> {
          bench.copied().threads(1).blocks(EarlyFile.BLOCK);
          EarlyFile file = EarlyFile.write(bench);
          Region given;
          try (IoSession session = bench.session();
              IoTicket ticket = bench.submit(session, file.plan())) {
            EarlyRanges early = bench.early(ticket);
            bench.monitor.holdReaders();
            early.prefer(0);
            bench.monitor.releaseReaders();
            given = file.check(bench, rule, early, 0);
            bench.monitor.cancelAt(0);
            try {
              bench.await(ticket);
            } catch (LoadException e) {
              // as it may, unless all was read before
            }
          }
          checkGiven(bench, rule, file, given);
        });
  }

  /** Rule IO-134: a wait for a range ends at the deadline. */
  @Test
  default void required_io134_waitEndsAtTheDeadline() {
    waitEnds(
        "await() of a range past the deadline",
        (bench, ticket) -> bench.monitor.deadline(environment().quiet()));
  }

  /** Rule IO-134: an interrupt ends the wait for a range. */
  @Test
  default void required_io134_interruptEndsTheWait() {
    waitEnds(
        "await() of a range on an interrupted thread",
        (bench, ticket) -> Thread.currentThread().interrupt());
  }

  /** Rule IO-134: a ticket that is stopped ends the waits for its ranges. */
  @Test
  default void required_io134_stopEndsTheWait() {
    waitEnds(
        "await() of a range of a ticket that is stopped",
        (bench, ticket) ->
            Thread.ofPlatform()
                .daemon()
                .name("testkit: stops")
                .start(() -> {
                  bench.context.attach();
                  var _ = ticket.stop(Deadline.after(environment().quiet()));
                }));
  }

  private void waitEnds(String call, BiConsumer<IoBench, IoTicket> ending) {
    IoBench.use(
        "IO-134",
        this,
        (bench, rule) -> {
          bench.copied().threads(1).blocks(EarlyFile.BLOCK);
          EarlyFile file = EarlyFile.write(bench);
          bench.monitor.holdReaders();
          try (IoSession session = bench.session();
              IoTicket ticket = bench.submit(session, file.plan())) {
            try {
              EarlyRanges early = bench.early(ticket);
              bench.monitor.awaitHeld(environment().patience());
              rule.refuses(
                  LoadException.class,
                  call,
                  () ->
                      bench.ends(
                          rule,
                          call,
                          () -> {
                            ending.accept(bench, ticket);
                            return bench.await(early, EarlyFile.RANGES - 1);
                          }));
            } finally {
              bench.monitor.releaseReaders();
            }
          }
        });
  }

  /** Rule IO-134: many threads wait for ranges while another awaits the ticket. */
  @Test
  default void required_io134_manyThreadsWait() {
    IoBench.use(
        "IO-134",
        this,
        (bench, rule) -> {
          bench.copied().threads(2).blocks(EarlyFile.BLOCK);
          EarlyFile file = EarlyFile.write(bench);
          bench.monitor.pace(Duration.ofMillis(1));
          try (IoSession session = bench.session();
              IoTicket ticket = bench.submit(session, file.plan())) {
            EarlyRanges early = bench.early(ticket);
            Crew crew = new Crew(environment().patience());
            for (int thread = 0; thread < 4; thread++) {
              crew.add(
                  "waiting thread " + thread,
                  () -> {
                    bench.context.attach();
                    for (int range : file.shuffled()) {
                      early.prefer(range);
                      bench.check(rule, file.file(), file.range(range), early.await(range));
                    }
                  });
            }
            bench.await(ticket);
            crew.await(rule);
          }
        });
  }

  /** Rule IO-135: what is preferred is read before the rest; all is right all the same. */
  @Test
  default void required_io135_preferredRangesAreReadFirst() {
    IoBench.use(
        "IO-135",
        this,
        (bench, rule) -> {
          bench.copied().threads(1).blocks(EarlyFile.BLOCK);
          EarlyFile file = EarlyFile.write(bench);
          bench.monitor.holdReaders();
          try (IoSession session = bench.session();
              IoTicket ticket = bench.submit(session, file.plan())) {
            EarlyRanges early = bench.early(ticket);
            bench.monitor.awaitHeld(environment().patience());
            early.prefer(EarlyFile.RANGES - 1);
            early.prefer(EarlyFile.RANGES / 2);
            bench.monitor.releaseReaders();
            bench.check(rule, file.file(), file.plan(), bench.await(ticket));
            for (int range : List.of(EarlyFile.RANGES - 1, EarlyFile.RANGES / 2)) {
              int blocks = file.blocksUntil(range, bench.monitor.blocks());
              rule.check(
                  blocks <= EarlyFile.BLOCKS / 2,
                  "a preferred range was read after " + blocks + " of 64 blocks");
            }
          }
        });
  }
}
