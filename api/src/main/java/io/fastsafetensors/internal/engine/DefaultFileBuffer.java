// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CatalogEntry;
import io.fastsafetensors.internal.text.Printable;
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

/** Gives out tensors: views in a group of one, else what the ranks exchange. */
public final class DefaultFileBuffer implements FileBuffer {
  private final Catalog wanted;
  private final LoadReport report;
  private final Transport group;
  private final LoadedTensors loaded;
  private final TensorSource source;
  private final SharedContext context;
  private final Leaks.Trace trace;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Takes over what was loaded, unless it throws. */
  DefaultFileBuffer(
      Catalog wanted,
      LoadJob.Result result,
      SharedContext context,
      Transport group,
      boolean caching) {
    this.wanted = wanted;
    this.report = result.report();
    this.context = context;
    this.group = group;
    this.loaded = result.tensors();
    this.source =
        group.size() == 1
            ? new ViewSource(loaded, context)
            : new GroupSource(loaded, context, group, wanted, caching);
    this.trace = watch(loaded, context);
    context.retain();
  }

  private Leaks.Trace watch(LoadedTensors held, SharedContext where) {
    return Leaks.watch(
        this, () -> "a FileBuffer with " + held.bytes() + " bytes on " + where.device());
  }

  @Override
  public Set<String> keys() {
    return wanted.keys();
  }

  @Override
  public TensorInfo info(String name) {
    return wanted.get(name).info();
  }

  @Override
  public Path file(String name) {
    return wanted.get(name).file().source().path();
  }

  @Override
  public Map<String, String> metadata(Path file) {
    return wanted.metadata(file);
  }

  @Override
  public Tensor tensor(String name) throws LoadException {
    return one(() -> request(name, WHOLE, Optional.empty()));
  }

  @Override
  public Tensor tensor(String name, DType dtype) throws LoadException {
    return one(() -> request(name, WHOLE, Optional.of(dtype)));
  }

  @Override
  public Tensor sharded(String name, int dim) throws LoadException {
    return one(() -> shardRequest(name, dim, Optional.empty()));
  }

  @Override
  public Tensor sharded(String name, int dim, DType dtype) throws LoadException {
    return one(() -> shardRequest(name, dim, Optional.of(dtype)));
  }

  private Tensor one(Together.Step<Request> asked) throws LoadException {
    return source.get(() -> List.of(asked.run())).getFirst();
  }

  @Override
  public Optional<Tensor> push(String name, int rank) throws LoadException {
    return push(name, rank, Optional.empty());
  }

  @Override
  public Optional<Tensor> push(String name, int rank, DType dtype) throws LoadException {
    return push(name, rank, Optional.of(dtype));
  }

  private Optional<Tensor> push(String name, int rank, Optional<DType> dtype) throws LoadException {
    return source.push(
        () -> {
          if (rank < 0 || rank >= group.size()) {
            throw new IllegalArgumentException(
                "no rank " + rank + " in a group of " + group.size());
          }
          return request(name, WHOLE, dtype);
        },
        rank);
  }

  @Override
  public Tensor concatenatedShards(List<String> names, int dim) throws LoadException {
    return concatenated(names, dim, Optional.empty());
  }

  @Override
  public Tensor concatenatedShards(List<String> names, int dim, DType dtype) throws LoadException {
    return concatenated(names, dim, Optional.of(dtype));
  }

  private Tensor concatenated(List<String> names, int dim, Optional<DType> dtype)
      throws LoadException {
    List<Tensor> parts =
        source.get(() -> {
          List<Request> requests = shardRequests(names, dim, dtype);
          Concatenation.check(requests, dim);
          return requests;
        });
    try {
      return Concatenation.of(context, parts, dim);
    } finally {
      Cleanup.each(parts, Tensor::close);
    }
  }

  private List<Request> shardRequests(List<String> names, int dim, Optional<DType> dtype) {
    return names.stream().map(name -> shardRequest(name, dim, dtype)).toList();
  }

  @Override
  public Map<String, Tensor> all(Map<String, Integer> dims) throws LoadException {
    return all(dims, Optional.empty());
  }

  @Override
  public Map<String, Tensor> all(Map<String, Integer> dims, DType dtype) throws LoadException {
    return all(dims, Optional.of(dtype));
  }

  private Map<String, Tensor> all(Map<String, Integer> dims, Optional<DType> dtype)
      throws LoadException {
    Map<String, Tensor> sorted = new HashMap<>();
    source.get(() -> requests(dims, dtype)).forEach(tensor -> sorted.put(tensor.name(), tensor));
    Map<String, Tensor> asAsked = LinkedHashMap.newLinkedHashMap(dims.size());
    dims.keySet().forEach(name -> asAsked.put(name, Objects.requireNonNull(sorted.get(name))));
    return asAsked;
  }

  /** Sorts, since maps may iterate otherwise on every rank; by place, to be done with each file. */
  private List<Request> requests(Map<String, Integer> dims, Optional<DType> dtype) {
    return dims.entrySet().stream()
        .map(e ->
            e.getValue() == WHOLE
                ? request(e.getKey(), WHOLE, dtype)
                : shardRequest(e.getKey(), e.getValue(), dtype))
        .sorted(Comparator.comparing(Request::entry, CatalogEntry.BY_PLACE))
        .toList();
  }

  /** Keeps {@link #WHOLE} from meaning anything but in {@link #all}. */
  private Request shardRequest(String name, int dim, Optional<DType> dtype) {
    if (dim < 0) {
      throw new IllegalArgumentException(
          "tensor " + Printable.quote(name) + ": dimension " + dim + ": want 0 or more");
    }
    return request(name, dim, dtype);
  }

  private Request request(String name, int dim, Optional<DType> dtype) {
    loaded.checkOpen();
    CatalogEntry entry = wanted.get(name);
    DType inMemory = loaded.dtype(entry);
    return new Request(entry, dim, inMemory, dtype.orElse(inMemory));
  }

  @Override
  public LoadReport report() {
    return report;
  }

  @Override
  public void close() {
    Cleanup.all(loaded::close, source::close);
    if (closed.compareAndSet(false, true)) {
      trace.closed();
      context.release();
    }
  }
}
