// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CatalogEntry;
import io.fastsafetensors.spi.Transport;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** Gives out tensors: views in a group of one, else what the ranks exchange. */
public final class DefaultFileBuffer implements FileBuffer {
  private final Catalog catalog;
  private final Supplier<LoadReport> report;
  private final Transport group;
  private final HeldTensors loaded;
  private final TensorSource source;
  private final SharedContext context;
  private final Leaks.Trace trace;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Takes over what was loaded, unless it throws. */
  DefaultFileBuffer(
      Catalog catalog,
      HeldTensors loaded,
      Supplier<LoadReport> report,
      SharedContext context,
      Transport group,
      boolean caching) {
    this.catalog = catalog;
    this.report = report;
    this.context = context;
    this.group = group;
    this.loaded = loaded;
    this.source =
        group.size() == 1
            ? new ViewSource(loaded, context)
            : new GroupSource(loaded, context, group, catalog, caching);
    this.trace = watch(loaded, context);
    context.retain();
  }

  private Leaks.Trace watch(HeldTensors held, SharedContext where) {
    return Leaks.watch(
        this, () -> "a FileBuffer with " + held.bytes() + " bytes on " + where.device());
  }

  @Override
  public Set<String> keys() {
    return catalog.keys();
  }

  @Override
  public TensorInfo info(String name) {
    return catalog.get(name).info();
  }

  @Override
  public Path file(String name) {
    return catalog.get(name).file().source().path();
  }

  @Override
  public Map<String, String> metadata(Path file) {
    return catalog.metadata(file);
  }

  @Override
  public List<TensorInfo> tensors() {
    return catalog.tensors();
  }

  @Override
  public List<SafetensorsHeader> files() {
    return catalog.headers();
  }

  @Override
  public Tensor tensor(String name, TensorOptions options) throws LoadException {
    return source.get(Asked.of(() -> List.of(request(name, options)))).getFirst();
  }

  @Override
  public Optional<Tensor> send(String name, int receiver, TensorOptions options)
      throws LoadException {
    return source.send(Asked.of(() -> requestToSend(name, receiver, options)), receiver);
  }

  private List<Request> requestToSend(String name, int receiver, TensorOptions options) {
    if (receiver < 0 || receiver >= group.size()) {
      throw new IllegalArgumentException("no rank " + receiver + " in a group of " + group.size());
    }
    return List.of(request(name, options));
  }

  @Override
  public Tensor concatenate(List<String> names, int dim, TensorOptions options)
      throws LoadException {
    List<Tensor> parts = source.get(Asked.of(() -> requestsToJoin(names, dim, options)));
    try {
      return Concatenation.of(context, parts, dim);
    } finally {
      Cleanup.each(parts, Tensor::close);
    }
  }

  private List<Request> requestsToJoin(List<String> names, int dim, TensorOptions options) {
    List<Request> requests = names.stream().map(name -> request(name, options)).toList();
    Concatenation.check(requests, dim, group.size());
    return requests;
  }

  @Override
  public Map<String, Tensor> all(Map<String, TensorOptions> wanted) throws LoadException {
    Map<String, Tensor> sorted = new HashMap<>();
    Asked asked = Asked.of(() -> requests(wanted));
    source.get(asked).forEach(tensor -> sorted.put(tensor.name(), tensor));
    Map<String, Tensor> asAsked = LinkedHashMap.newLinkedHashMap(wanted.size());
    wanted.keySet().forEach(name -> asAsked.put(name, Objects.requireNonNull(sorted.get(name))));
    return asAsked;
  }

  /** Sorts, since maps may iterate otherwise on every rank; by place, to be done with each file. */
  private List<Request> requests(Map<String, TensorOptions> wanted) {
    return wanted.entrySet().stream()
        .map(e -> request(e.getKey(), e.getValue()))
        .sorted(Comparator.comparing(Request::entry, CatalogEntry.BY_PLACE))
        .toList();
  }

  private Request request(String name, TensorOptions options) {
    loaded.checkOpen();
    CatalogEntry entry = catalog.get(name);
    DType inMemory = loaded.dtype(entry);
    DType wanted = options.dtype().orElse(inMemory);
    return new Request(entry, loaded.shape(entry), options.part(), inMemory, wanted);
  }

  @Override
  public boolean isLoaded(String name) {
    loaded.checkOpen();
    return loaded.isThere(catalog.get(name));
  }

  @Override
  public void awaitAll() throws LoadException {
    Agreement.Step<HeldTensors> waiting =
        () -> {
          loaded.awaitAll();
          return loaded;
        };
    Agreement.make(group, "load", loaded.patience(group.timeout()), waiting, _ -> {});
    loaded.allAreThere();
  }

  @Override
  public LoadReport report() {
    return report.get();
  }

  /** Returns where it is, how many tensors it has and how many bytes they take. */
  @Override
  public String toString() {
    return "FileBuffer on %s (tensors: %s, bytes: %s%s)"
        .formatted(context.device(), keys().size(), loaded.bytes(), closed.get() ? ", closed" : "");
  }

  @Override
  public void close() {
    Cleanup.all(loaded::close, source::close);
    if (closed.compareAndSet(false, true)) {
      trace.closed();
      context.release();
      loaded.tellFailure();
    }
  }
}
