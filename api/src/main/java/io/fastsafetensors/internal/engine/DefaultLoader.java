// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.TensorInfo;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CheckpointFiles;
import io.fastsafetensors.internal.plan.CheckpointIndex;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.internal.plan.NameFilter;
import io.fastsafetensors.internal.plan.SourceFile;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Knows the files, opens the device, and runs the loads. */
public final class DefaultLoader implements Loader {
  private static final Logger LOG = System.getLogger(DefaultLoader.class.getName());

  private final Registry registry;
  private final Device device;
  private final ProcessGroup group;
  private final Leaks.Trace trace = Leaks.watch(this, "loader");
  private final Map<Path, SourceFile> files = new LinkedHashMap<>();
  private final List<CheckpointIndex> indexes = new ArrayList<>();
  private @Nullable Catalog catalog;
  private @Nullable OpenDevice opened;
  private @Nullable LoadReport lastReport;
  private boolean closed;

  DefaultLoader(Registry registry, Device device, ProcessGroup group) {
    this.registry = registry;
    this.device = device;
    this.group = group;
  }

  @Override
  public Loader addFiles(int rank, List<Path> added) {
    return add(added.stream().map(path -> new SourceFile(rank, path)).toList());
  }

  @Override
  public Loader addFiles(Map<Integer, List<Path>> added) {
    return add(
        added.entrySet().stream()
            .flatMap(e -> e.getValue().stream().map(path -> new SourceFile(e.getKey(), path)))
            .toList());
  }

  @Override
  public Loader addCheckpoint(Path path) throws LoadException {
    checkOpen();
    CheckpointFiles checkpoint = CheckpointFiles.find(path);
    add(CheckpointFiles.spread(checkpoint.files(), group.size()));
    checkpoint.index().ifPresent(indexes::add);
    return this;
  }

  private Loader add(List<SourceFile> added) {
    checkOpen();
    Map<Path, SourceFile> all = new LinkedHashMap<>(files);
    for (SourceFile file : added) {
      if (file.rank() < 0 || file.rank() >= group.size()) {
        throw new IllegalArgumentException(
            "%s: no rank %d in a group of %d".formatted(file.path(), file.rank(), group.size()));
      }
      if (all.put(file.path(), file) != null) {
        throw new IllegalArgumentException(file.path() + " was added before");
      }
      LOG.log(
          Level.DEBUG, "add_files {0}: path={1}, rank={2}", all.size(), file.path(), file.rank());
    }
    files.putAll(all);
    catalog = null;
    return this;
  }

  @Override
  public Set<String> keys() throws LoadException {
    return catalog().keys();
  }

  @Override
  public TensorInfo info(String name) throws LoadException {
    return catalog().get(name).info();
  }

  private Catalog catalog() throws LoadException {
    checkOpen();
    Catalog known = catalog;
    if (known == null) {
      known = HeaderExchange.catalog(group, List.copyOf(files.values()));
      for (CheckpointIndex index : indexes) {
        index.check(known);
      }
      catalog = known;
    }
    return known;
  }

  @Override
  public FileBuffer load() throws LoadException {
    return load(LoadOptions.defaults());
  }

  @Override
  public FileBuffer load(LoadOptions options) throws LoadException {
    checkOpen();
    if (files.isEmpty()) {
      throw new IllegalStateException("no files were added");
    }
    Catalog wanted = catalog().filter(new NameFilter(options.filters()));
    Together.agree(group, "the options", agreedOptions(options));
    Loaded loaded = new Loaded();
    try {
      Together.take(group, "load", waitForOthers(options), () -> loaded.run(wanted, options));
      return loaded.buffer(wanted, options);
    } catch (LoadException | RuntimeException | Error e) {
      loaded.release();
      throw e;
    }
  }

  private List<String> agreedOptions(LoadOptions options) {
    return List.of(
        "dtype " + options.dtype().map(Enum::name).orElse("as in the file"),
        "filters " + options.filters(),
        "cache " + options.cache(),
        "device " + device.type());
  }

  /** The others may take as long as a load may; after that, as long as any exchange. */
  private Duration waitForOthers(LoadOptions options) {
    return options.timeout().plus(group.timeout());
  }

  /** One load's result, until the caller gets it. */
  private final class Loaded {
    private LoadJob.@Nullable Result result;
    private @Nullable SharedContext context;

    byte[] run(Catalog wanted, LoadOptions options) throws LoadException {
      OpenDevice on = open();
      if (options.dtype().isPresent()) {
        LoadConversion.check(wanted, options.dtype().get(), on.context().attached());
      }
      context = on.context();
      LoadPlan plan = LoadPlan.of(wanted, group.rank());
      result = new LoadJob(registry, on, plan, options).run();
      lastReport = result.report();
      return new byte[0];
    }

    FileBuffer buffer(Catalog wanted, LoadOptions options) {
      if (result == null || context == null) {
        throw new IllegalStateException("nothing was loaded");
      }
      return new DefaultFileBuffer(wanted, result, context, group, options);
    }

    void release() {
      if (result != null) {
        result.release();
      }
    }
  }

  private OpenDevice open() throws LoadException {
    OpenDevice known = opened;
    if (known == null) {
      known = OpenDevice.open(registry, device);
      opened = known;
    }
    return known;
  }

  @Override
  public LoadReport explain() {
    checkOpen();
    LoadReport last = lastReport;
    return last != null
        ? last
        : new LoadReport(device, registry.report(device), List.of(), 0, Duration.ZERO);
  }

  @Override
  public Loader reset() {
    checkOpen();
    files.clear();
    indexes.clear();
    catalog = null;
    return this;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the loader is closed");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      trace.closed();
      if (opened != null) {
        opened.context().release();
      }
    }
  }
}
