// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The samples, each with one rule broken, are refused by that rule, all of them within a minute
 * when tried by {@code scripts/mutate-samples} against the whole contract, which takes some 20
 * minutes; here a few, against that rule alone.
 */
@Tag("slow")
class SampleMutationsTests {
  private static final SamplePlugin SPI = SamplePlugin.named("sample-spi");
  private static final SamplePlugin TCP = SamplePlugin.named("sample-tcp");

  /** How many are tried in this run: one of so many, in turn. */
  private static final int EACH = Integer.getInteger("fst.mutations.each", 8);

  private static final String ONLY = System.getProperty("fst.mutations.only", "");

  /** How many at the same time; each has several threads. */
  private static final int AT_ONCE = Integer.getInteger("fst.mutations.at.once", 2);

  /** Generous where others use the machine; the script wants a minute. */
  private static final Duration LIMIT =
      Duration.ofSeconds(Integer.getInteger("fst.mutations.limit", 300));

  @TempDir private Path folder;

  @Test
  void eachIsRefusedByItsRule() throws Exception {
    List<Mutation> all = chosen();
    List<String> survivors = new ArrayList<>();
    try (RangeServer server = new RangeServer();
        ExecutorService runners = Executors.newFixedThreadPool(AT_ONCE)) {
      List<Future<String>> verdicts = new ArrayList<>();
      for (Mutation mutation : all) {
        Callable<String> trial = () -> verdict(server, mutation);
        verdicts.add(runners.submit(trial));
      }
      for (Future<String> verdict : verdicts) {
        survivors.add(verdict.get());
      }
    }
    assertThat(survivors).filteredOn(text -> !text.isEmpty()).isEmpty();
  }

  /** Both samples have a mutation for each MUST: forty and more. */
  @Test
  void thereAreFortyOfEachSample() {
    assertThat(SpiMutations.all()).hasSizeGreaterThanOrEqualTo(40).doesNotHaveDuplicates();
    assertThat(TcpMutations.all()).hasSizeGreaterThanOrEqualTo(40).doesNotHaveDuplicates();
  }

  private static List<Mutation> chosen() {
    List<Mutation> all =
        Stream.concat(SpiMutations.all().stream(), TcpMutations.all().stream())
            .filter(mutation -> (mutation.id() + " " + mutation).contains(ONLY))
            .toList();
    List<Mutation> some = new ArrayList<>();
    for (int i = 0; i < all.size(); i += EACH) {
      some.add(all.get(i));
    }
    return some;
  }

  /** Returns what is wrong with the verdict; nothing if it is as it should be. */
  private String verdict(RangeServer server, Mutation mutation) throws Exception {
    Path home = Files.createTempDirectory(folder, "mutation");
    Path jar = sample(mutation).jar(home, mutation);
    String kind = sample(mutation).equals(SPI) ? "--backend" : "--collective";
    long start = System.nanoTime();
    List<String> arguments = new ArrayList<>(List.of("certify", mutation.path(), jar.toString()));
    arguments.addAll(List.of(kind, mutation.id()));
    if (!Boolean.getBoolean("fst.mutations.whole")) {
      arguments.addAll(List.of("--rule", mutation.rule()));
    }
    Jvm fst =
        Distribution.fst(
            home,
            List.of(server.option("example-spi"), "-XX:TieredStopAtLevel=1"),
            arguments.toArray(String[]::new));
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    boolean refused = fst.exit() == 1 && isNamed(mutation.rule(), fst.output());
    System.out.printf(
        "%s %s: %s after %.1f s%n",
        mutation.id(), mutation, refused ? "refused" : "NOT REFUSED", took.toMillis() / 1e3);
    if (refused && took.compareTo(LIMIT) < 0) {
      return "";
    }
    return "%s %s, after %s: %s".formatted(mutation.id(), mutation, took, fst.output());
  }

  /** A failure begins with the rule that was tried, or names the one that a device insisted on. */
  private static boolean isNamed(String rule, String output) {
    return output
        .lines()
        .anyMatch(line ->
            line.contains("[" + rule + "]")
                || (line.contains("failed: ") && line.contains("(rule " + rule + ")")));
  }

  private static SamplePlugin sample(Mutation mutation) {
    return SpiMutations.all().contains(mutation) ? SPI : TCP;
  }
}
