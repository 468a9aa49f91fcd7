// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.spi.Region;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A group of several: the owner of each tensor gives every rank its part. */
final class GroupSource implements TensorSource {
  private final LoadedTensors loaded;
  private final SharedContext context;
  private final ProcessGroup group;
  private final GivenOut givenOut;
  private final Optional<TensorCache> cache;

  GroupSource(
      LoadedTensors loaded,
      SharedContext context,
      ProcessGroup group,
      Catalog wanted,
      boolean caching) {
    this.loaded = loaded;
    this.context = context;
    this.group = group;
    this.givenOut = new GivenOut(wanted);
    this.cache = caching ? Optional.of(new TensorCache()) : Optional.empty();
  }

  @Override
  public List<Tensor> get(List<Request> requests) throws LoadException {
    checkAll(requests);
    List<Tensor> tensors = new ArrayList<>(requests.size());
    try {
      for (Bucket bucket : Bucket.split(requests, this::isCached)) {
        exchange(bucket, tensors);
        release(bucket.requests());
      }
      return tensors;
    } catch (LoadException | RuntimeException | Error e) {
      tensors.forEach(Tensor::close);
      throw e;
    }
  }

  /** Every rank checks the same before anything is sent, so that all fail or none. */
  private void checkAll(List<Request> requests) {
    for (Request request : requests) {
      LoadConversion.checkPair(
          request.entry().info().toString(),
          request.loaded(),
          request.wanted(),
          context.attached());
      request.part(group.size(), group.rank());
      if (!isCached(request)) {
        givenOut.check(request.name());
      }
    }
  }

  private boolean isCached(Request request) {
    return cache.isPresent() && cache.get().holds(request);
  }

  private void exchange(Bucket bucket, List<Tensor> tensors) throws LoadException {
    if (bucket.cached()) {
      for (Request request : bucket.requests()) {
        tensors.add(cache.orElseThrow().get(request));
      }
      return;
    }
    List<Tensor> arrived = new BucketExchange(group, context, loaded, bucket).run();
    for (int i = 0; i < arrived.size(); i++) {
      tensors.add(finish(bucket.requests().get(i), arrived, i));
    }
  }

  /** Converts after the exchange, so that every rank converts only its own part. */
  private Tensor finish(Request request, List<Tensor> arrived, int index) throws LoadException {
    Tensor tensor = arrived.get(index);
    try {
      Tensor wanted = tensor;
      if (request.wanted() != request.loaded()) {
        wanted = tensor.to(request.wanted());
        tensor.close();
      }
      if (cache.isPresent()) {
        cache.get().put(request, wanted.copy());
      }
      return wanted;
    } catch (LoadException | RuntimeException | Error e) {
      arrived.subList(index, arrived.size()).forEach(Tensor::close);
      throw e;
    }
  }

  private void release(List<Request> requests) {
    requests.stream()
        .map(request -> givenOut.mark(request.entry()))
        .flatMap(Optional::stream)
        .forEach(file -> loaded.release(file.source().path()));
  }

  @Override
  public Optional<Tensor> push(Request request, int rank) throws LoadException {
    checkAll(List.of(request));
    Optional<Tensor> pushed = send(request, rank);
    release(List.of(request));
    return pushed;
  }

  private Optional<Tensor> send(Request request, int receiver) throws LoadException {
    boolean owner = group.rank() == request.owner();
    if (owner && receiver != request.owner()) {
      Region source = loaded.place(request.name()).region();
      context.run(stream -> group.send(source, receiver, stream));
    }
    if (group.rank() != receiver) {
      return Optional.empty();
    }
    Memory memory = Memory.allocate(context, request.wholeBytes());
    try {
      Region target = Region.of(memory.buffer(), 0, request.wholeBytes());
      Tensor tensor =
          DefaultTensor.copy(request.name(), request.loaded(), request.shape(), memory, target);
      List<Tensor> arrived = List.of(tensor);
      fill(request, owner, target, tensor);
      return Optional.of(finish(request, arrived, 0));
    } finally {
      memory.release();
    }
  }

  private void fill(Request request, boolean owner, Region target, Tensor tensor)
      throws LoadException {
    try {
      if (owner) {
        Region source = loaded.place(request.name()).region();
        context.run(stream -> stream.copy(source, target));
      } else {
        context.run(stream -> group.receive(target, request.owner(), stream));
      }
    } catch (LoadException | RuntimeException | Error e) {
      tensor.close();
      throw e;
    }
  }

  @Override
  public void close() {
    cache.ifPresent(TensorCache::close);
  }
}
