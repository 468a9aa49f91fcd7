// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.spi.Transport;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A group of several: the owner of each tensor gives every rank its part. */
final class GroupSource implements TensorSource {
  private static final Logger LOG = System.getLogger(GroupSource.class.getName());

  private final HeldTensors loaded;
  private final SharedContext context;
  private final Transport group;
  private final ReleaseTracker givenOut;
  private final Optional<TensorCache> cache;

  GroupSource(
      HeldTensors loaded, SharedContext context, Transport group, Catalog wanted, boolean caching) {
    this.loaded = loaded;
    this.context = context;
    this.group = group;
    this.givenOut = new ReleaseTracker(wanted);
    this.cache = caching ? Optional.of(new TensorCache(context)) : Optional.empty();
  }

  @Override
  public List<Tensor> get(Asked asked) throws LoadException {
    List<Request> requests = agreeOn("call: get", asked);
    Map<String, Integer> uses = new HashMap<>();
    requests.forEach(request -> uses.merge(request.name(), 1, Integer::sum));
    return RequestBatch.serve(
        requests,
        request -> isCached(request, TensorCache.ALL),
        this::make,
        batch -> batch.requests().forEach(request -> release(request, uses)));
  }

  /** Each rank waits for its own tensors first, so that all hear if one can't be had. */
  private List<Request> agreeOn(String call, Asked asked) throws LoadException {
    Asked ready = asked.checked(this::check).awaited(loaded);
    return Agreement.agreeOn(group, call, loaded.patience(group.timeout()), ready);
  }

  private void check(Request request) {
    request.check(group.size(), context);
    givenOut.check(request.entry());
  }

  private boolean isCached(Request request, int receiver) {
    return cache.isPresent() && cache.get().holds(request, receiver);
  }

  private List<Tensor> make(RequestBatch batch) throws LoadException {
    List<Request> requests = batch.requests();
    if (batch.isReady()) {
      log("cached", requests);
      return cache.orElseThrow().get(requests, TensorCache.ALL);
    }
    try (TensorBatch arrived = exchange(batch)) {
      return finish(requests, arrived, TensorCache.ALL);
    }
  }

  private TensorBatch exchange(RequestBatch batch) throws LoadException {
    List<Request> requests = batch.requests();
    Exchange exchange = new Exchange(group, context, loaded, batch.owner(), requests);
    if (!batch.hasBytes()) {
      return exchange.empty();
    }
    log(batch.isWhole() ? "broadcast" : "scatter", requests);
    return batch.isWhole() ? exchange.broadcast() : exchange.scatter();
  }

  /** Converts after the exchange, so that every rank converts only its own part. */
  private List<Tensor> finish(List<Request> requests, TensorBatch arrived, int receiver)
      throws LoadException {
    if (requests.stream().noneMatch(Request::isConverted)) {
      return give(requests, arrived, receiver);
    }
    try (TensorBatch wanted =
        TensorBatch.copy(context, arrived.pieces(), Request.wantedTypes(requests))) {
      return give(requests, wanted, receiver);
    }
  }

  private List<Tensor> give(List<Request> requests, TensorBatch batch, int receiver)
      throws LoadException {
    if (cache.isPresent()) {
      cache.get().put(requests, receiver, batch.pieces());
    }
    return batch.tensors();
  }

  /** Frees a tensor's file with its last tensor, unless everything may be asked for again. */
  private void release(Request request, Map<String, Integer> uses) {
    boolean usedUp = uses.merge(request.name(), -1, Integer::sum) == 0;
    if (cache.isEmpty() && usedUp && givenOut.markLast(request.entry())) {
      LOG.log(Level.DEBUG, () -> "release: " + request.entry().file().source().path());
      loaded.release(request.entry().file().index());
    }
  }

  @Override
  public Optional<Tensor> send(Asked asked, int receiver) throws LoadException {
    String call = "call: send to rank " + receiver;
    Request request = agreeOn(call, asked).getFirst();
    Optional<Tensor> sent =
        isCached(request, receiver) ? cached(request, receiver) : exchange(request, receiver);
    try {
      release(request, new HashMap<>(Map.of(request.name(), 1)));
      return sent;
    } catch (Throwable e) {
      Cleanup.after(e, () -> sent.ifPresent(Tensor::close));
      throw e;
    }
  }

  private Optional<Tensor> cached(Request request, int receiver) throws LoadException {
    log("cached", List.of(request));
    return cache.orElseThrow().get(List.of(request), receiver).stream().findFirst();
  }

  private Optional<Tensor> exchange(Request request, int receiver) throws LoadException {
    List<Request> one = List.of(request);
    log("send to rank " + receiver, one);
    Exchange exchange = new Exchange(group, context, loaded, request.owner(), one);
    if (group.rank() == receiver) {
      try (TensorBatch arrived = exchange.receive()) {
        return Optional.of(finish(one, arrived, receiver).getFirst());
      }
    }
    exchange.send(receiver);
    if (cache.isPresent()) {
      cache.get().put(one, receiver, List.of());
    }
    return Optional.empty();
  }

  private void log(String operation, List<Request> requests) {
    if (LOG.isLoggable(Level.DEBUG)) {
      for (Request request : requests) {
        LOG.log(
            Level.DEBUG,
            "%s: %s, rank %s, owner %s"
                .formatted(operation, request, group.rank(), request.owner()));
      }
    }
  }

  @Override
  public void close() {
    cache.ifPresent(TensorCache::close);
  }
}
