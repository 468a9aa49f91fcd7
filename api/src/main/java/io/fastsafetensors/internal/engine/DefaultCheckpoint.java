// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.OpenCheckpoint;
import io.fastsafetensors.PartPlan;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.WindowPlan;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.FoundCheckpoint;
import io.fastsafetensors.internal.plan.PartPlanner;
import io.fastsafetensors.internal.plan.StreamPlanner;
import io.fastsafetensors.internal.registry.Registry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * What was found, and can be read.
 *
 * @param found what was found
 */
public record DefaultCheckpoint(FoundCheckpoint found) implements Checkpoint {
  @Override
  public Path path() {
    return found.path();
  }

  @Override
  public Optional<Path> index() {
    return found.indexPath();
  }

  @Override
  public List<Path> files() {
    return found.checkpoint().files();
  }

  @Override
  public List<LeftOut> leftOut() {
    return found.leftOut();
  }

  @Override
  public List<LoadException> faults() {
    return List.copyOf(found.faults());
  }

  @Override
  public List<SafetensorsHeader> headers() throws LoadException {
    return headers(LoadOptions.defaults().timeout());
  }

  @Override
  public List<SafetensorsHeader> headers(Duration timeout) throws LoadException {
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException("timeout " + timeout + ": want more than nothing");
    }
    return Headers.of(found.whole(), 1, timeout).headers();
  }

  @Override
  public PartPlan plan(int ranks, IntFunction<LoadOptions> options) throws LoadException {
    List<LoadOptions> byRank = ofEach(ranks, options);
    return PartPlanner.plan(Headers.of(found.whole(), ranks, byRank.getFirst().timeout()), byRank);
  }

  @Override
  public WindowPlan planStream(int ranks, IntFunction<StreamOptions> options) throws LoadException {
    List<StreamOptions> byRank = ofEach(ranks, options);
    LoadOptions load = byRank.getFirst().load();
    Catalog all = Headers.of(found.whole(), ranks, load.timeout());
    return StreamPlanner.plan(all, byRank, Conversion.of(load, all)::mostMoved);
  }

  private static <T> List<T> ofEach(int ranks, IntFunction<T> options) {
    if (ranks < 1) {
      throw new IllegalArgumentException(ranks + " ranks: want 1 or more");
    }
    return IntStream.range(0, ranks).mapToObj(options).toList();
  }

  @Override
  public OpenCheckpoint open(LoadOptions options, Plugins plugins) throws LoadException {
    return OpenedCheckpoint.open(found, options, (Registry) plugins);
  }

  /** Returns what was asked for, the number of files, and what is wrong. */
  @Override
  public String toString() {
    int count = files().size();
    String faulty = found.faults().isEmpty() ? "" : ", faults: " + found.faults().size();
    return "Checkpoint " + path() + " (" + count + (count == 1 ? " file" : " files") + faulty + ")";
  }
}
