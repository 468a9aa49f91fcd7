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
import java.util.stream.Stream;

/** A group of several: the owner of each tensor gives every rank its part. */
final class GroupSource implements TensorSource {
  private static final Logger LOG = System.getLogger(GroupSource.class.getName());

  private final LoadedTensors loaded;
  private final SharedContext context;
  private final Transport group;
  private final GivenOut givenOut;
  private final Optional<TensorCache> cache;

  GroupSource(
      LoadedTensors loaded,
      SharedContext context,
      Transport group,
      Catalog wanted,
      boolean caching) {
    this.loaded = loaded;
    this.context = context;
    this.group = group;
    this.givenOut = new GivenOut(wanted);
    this.cache = caching ? Optional.of(new TensorCache(context)) : Optional.empty();
  }

  @Override
  public List<Tensor> get(Together.Step<List<Request>> asked) throws LoadException {
    List<Request> requests = agree("call: get", asked);
    Map<String, Integer> uses = new HashMap<>();
    requests.forEach(request -> uses.merge(request.name(), 1, Integer::sum));
    return Bucket.serve(
        requests,
        request -> isCached(request, TensorCache.ALL),
        this::make,
        bucket -> bucket.requests().forEach(request -> release(request, uses)));
  }

  /**
   * Makes sure that all ranks ask for the same, so that none gets another's tensor for its own, and
   * that no rank refuses, so that none waits for it.
   */
  private List<Request> agree(String call, Together.Step<List<Request>> asked)
      throws LoadException {
    return Together.agreeOn(
        group,
        () -> {
          List<Request> requests = asked.run();
          requests.forEach(this::check);
          return requests;
        },
        requests -> Stream.concat(Stream.of(call), requests.stream().map(Request::toString)));
  }

  private void check(Request request) {
    request.check(group.size(), context);
    givenOut.check(request.entry());
  }

  private boolean isCached(Request request, int receiver) {
    return cache.isPresent() && cache.get().holds(request, receiver);
  }

  private List<Tensor> make(Bucket bucket) throws LoadException {
    List<Request> requests = bucket.requests();
    if (bucket.isReady()) {
      log("cached", requests);
      return cache.orElseThrow().get(requests, TensorCache.ALL);
    }
    try (Bundle arrived = exchange(bucket)) {
      return finish(requests, arrived, TensorCache.ALL);
    }
  }

  private Bundle exchange(Bucket bucket) throws LoadException {
    List<Request> requests = bucket.requests();
    Exchange exchange = new Exchange(group, context, loaded, bucket.owner(), requests);
    if (!bucket.hasBytes()) {
      return exchange.empty();
    }
    log(bucket.isWhole() ? "broadcast" : "scatter", requests);
    return bucket.isWhole() ? exchange.broadcast() : exchange.scatter();
  }

  /** Converts after the exchange, so that every rank converts only its own part. */
  private List<Tensor> finish(List<Request> requests, Bundle arrived, int receiver)
      throws LoadException {
    if (requests.stream().noneMatch(Request::isConverted)) {
      return give(requests, arrived, receiver);
    }
    try (Bundle wanted = Bundle.copy(context, arrived.pieces(), Request.wantedTypes(requests))) {
      return give(requests, wanted, receiver);
    }
  }

  private List<Tensor> give(List<Request> requests, Bundle bundle, int receiver)
      throws LoadException {
    if (cache.isPresent()) {
      cache.get().put(requests, receiver, bundle.pieces());
    }
    return bundle.tensors();
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
  public Optional<Tensor> send(Together.Step<Request> asked, int receiver) throws LoadException {
    Request request =
        agree("call: send to rank " + receiver, () -> List.of(asked.run())).getFirst();
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
      try (Bundle arrived = exchange.receive()) {
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
