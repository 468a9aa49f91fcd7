// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.internal.plan.Slice;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.util.ArrayList;
import java.util.List;

/**
 * One exchange: the owner broadcasts whole tensors or scatters parts. Results of one exchange share
 * one piece of memory, which the last of them frees.
 */
final class BucketExchange {
  private final ProcessGroup group;
  private final SharedContext context;
  private final LoadedTensors loaded;
  private final Bucket bucket;
  private final List<Request> requests;

  BucketExchange(ProcessGroup group, SharedContext context, LoadedTensors loaded, Bucket bucket) {
    this.group = group;
    this.context = context;
    this.loaded = loaded;
    this.bucket = bucket;
    this.requests = bucket.requests();
  }

  /** Exchanges; returns this rank's part of each request, in order. */
  List<Tensor> run() throws LoadException {
    Layout layout = layout(group.rank());
    Memory memory = Memory.allocate(context, layout.size());
    try {
      Region result = Region.of(memory.buffer(), 0, layout.size());
      if (bucket.isWhole()) {
        context.run(stream -> broadcast(stream, layout, result));
      } else if (requests.size() == 1) {
        context.run(stream -> scatterRows(stream, requests.getFirst(), result));
      } else {
        scatterPacked(result);
      }
      return tensors(layout, memory);
    } finally {
      memory.release();
    }
  }

  private boolean isOwner() {
    return group.rank() == bucket.owner();
  }

  private Region source(Request request) {
    return loaded.place(request.name()).region();
  }

  private Layout layout(int rank) {
    return Layout.of(requests, request -> part(request, rank).bytes());
  }

  private Slice part(Request request, int rank) {
    return request.part(group.size(), rank);
  }

  private void broadcast(DeviceStream stream, Layout layout, Region result) throws LoadException {
    if (isOwner()) {
      for (int i = 0; i < requests.size(); i++) {
        Region source = source(requests.get(i));
        stream.copy(source, result.slice(layout.offset(i), source.bytes()));
      }
    }
    group.broadcast(result, bucket.owner(), stream);
  }

  /** One tensor: its rows go straight from the file's memory, without a copy of the whole. */
  private void scatterRows(DeviceStream stream, Request request, Region result)
      throws LoadException {
    List<Region> parts = new ArrayList<>();
    for (int rank = 0; isOwner() && rank < group.size(); rank++) {
      parts.add(part(request, rank).in(source(request)));
    }
    group.scatter(parts, result, bucket.owner(), stream);
  }

  /** Several small tensors: each rank's parts are put together first. */
  private void scatterPacked(Region result) throws LoadException {
    if (!isOwner()) {
      context.run(stream -> group.scatter(List.of(), result, bucket.owner(), stream));
      return;
    }
    List<Layout> layouts = new ArrayList<>();
    for (int rank = 0; rank < group.size(); rank++) {
      layouts.add(layout(rank));
    }
    Layout packing = Layout.of(layouts, Layout::size);
    Memory packed = Memory.allocate(context, packing.size());
    try {
      context.run(stream -> {
        List<Region> parts = new ArrayList<>();
        for (int rank = 0; rank < group.size(); rank++) {
          Layout layout = layouts.get(rank);
          Region part = Region.of(packed.buffer(), packing.offset(rank), layout.size());
          pack(stream, rank, layout, part);
          parts.add(part);
        }
        group.scatter(parts, result, bucket.owner(), stream);
      });
    } finally {
      packed.release();
    }
  }

  private void pack(DeviceStream stream, int rank, Layout layout, Region target)
      throws LoadException {
    for (int i = 0; i < requests.size(); i++) {
      Slice part = part(requests.get(i), rank);
      if (part.bytes() > 0) {
        long offset = target.offset() + layout.offset(i);
        stream.copy(
            part.in(source(requests.get(i))),
            new Region(target.buffer(), offset, part.rows(), part.rowBytes(), part.rowBytes()));
      }
    }
  }

  private List<Tensor> tensors(Layout layout, Memory memory) {
    List<Tensor> tensors = new ArrayList<>(requests.size());
    for (int i = 0; i < requests.size(); i++) {
      Request request = requests.get(i);
      Slice part = part(request, group.rank());
      Region region = Region.of(memory.buffer(), layout.offset(i), part.bytes());
      tensors.add(
          DefaultTensor.copy(request.name(), request.loaded(), part.shape(), memory, region));
    }
    return tensors;
  }
}
