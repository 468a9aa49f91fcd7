// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Requests that are served together, so that many small tensors cost few exchanges. */
final class RequestBatch {
  /** Above this an exchange takes so long that its start doesn't matter, in bytes. */
  private static final long FULL = 16 << 20;

  /**
   * What the requests of a batch have in common.
   *
   * @param owner the rank that has the tensors
   * @param isWhole whether all ranks get all of them
   * @param isReady whether they are here already
   */
  private record Kind(int owner, boolean isWhole, boolean isReady) {}

  private final Kind kind;
  private final List<Request> requests = new ArrayList<>();
  private final List<Integer> positions = new ArrayList<>();
  private long bytes;

  private RequestBatch(Kind kind) {
    this.kind = kind;
  }

  /** Makes the tensors of a batch, in its order; after an exception none of them is left. */
  @FunctionalInterface
  interface Work {
    List<Tensor> make(RequestBatch batch) throws LoadException;
  }

  /**
   * Makes tensors batch by batch.
   *
   * @param requests what is wanted; every rank gets the same batches in the same order from it
   * @param isReady whether a request needs no exchange
   * @param work makes the tensors of a batch
   * @param done hears of each batch that was served
   * @return the tensors in the order of the requests; after an exception none is left
   */
  static List<Tensor> serve(
      List<Request> requests, Predicate<Request> isReady, Work work, Consumer<RequestBatch> done)
      throws LoadException {
    Tensor[] tensors = new Tensor[requests.size()];
    try {
      for (RequestBatch batch : split(requests, isReady)) {
        List<Tensor> made = work.make(batch);
        for (int i = 0; i < made.size(); i++) {
          tensors[batch.positions.get(i)] = made.get(i);
        }
        done.accept(batch);
      }
      return List.of(tensors);
    } catch (Throwable e) {
      List<Tensor> made = Arrays.stream(tensors).filter(Objects::nonNull).toList();
      Cleanup.after(e, () -> Cleanup.each(made, Tensor::close));
      throw e;
    }
  }

  static List<RequestBatch> split(List<Request> requests, Predicate<Request> isReady) {
    List<RequestBatch> full = new ArrayList<>();
    Map<Kind, RequestBatch> open = new LinkedHashMap<>();
    for (int i = 0; i < requests.size(); i++) {
      Request request = requests.get(i);
      Kind kind = new Kind(request.owner(), request.isWhole(), isReady.test(request));
      RequestBatch batch = open.computeIfAbsent(kind, RequestBatch::new);
      if (!batch.hasRoom(request)) {
        full.add(batch);
        batch = new RequestBatch(kind);
        open.put(kind, batch);
      }
      batch.add(request, i);
    }
    full.addAll(open.values());
    return full;
  }

  private boolean hasRoom(Request request) {
    return requests.isEmpty() || bytes + request.wholeBytes() <= FULL;
  }

  private void add(Request request, int position) {
    requests.add(request);
    positions.add(position);
    bytes = Math.addExact(bytes, request.wholeBytes());
  }

  List<Request> requests() {
    return requests;
  }

  int owner() {
    return kind.owner();
  }

  boolean isWhole() {
    return kind.isWhole();
  }

  boolean isReady() {
    return kind.isReady();
  }

  /** Tells whether there is anything to exchange. */
  boolean hasBytes() {
    return bytes > 0;
  }
}
