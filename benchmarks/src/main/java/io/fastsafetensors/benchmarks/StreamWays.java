// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Streams, and loads whose tensors are used in the same way.
 *
 * @param window the size of the window, in bytes
 * @param device to which is streamed besides host memory
 */
record StreamWays(long window, Device device) {
  private static final String CONVERT = "convert F32 to BF16 in populated memory, all threads";
  private static final String FIRST = "fst stream";
  private static final String ALONE = "fst load, that tensor only";
  private static final LoadOptions COPIED = options(AccessPath.COPIED);
  private static final LoadOptions AS_BF16 = COPIED.toBuilder().dtype(DType.BF16).build();

  private static LoadOptions options(AccessPath path) {
    return LoadOptions.builder().path(path).build();
  }

  List<Way> all() {
    List<Way> ways = new ArrayList<>();
    for (AccessPath path : List.of(AccessPath.COPIED, AccessPath.AUTO)) {
      ways.add(fresh(stream(path), loader -> stream(loader, options(path))));
      ways.add(fresh(load(path), loader -> load(loader, options(path))));
    }
    ways.add(fresh(asBf16("fst stream"), loader -> stream(loader, AS_BF16)));
    ways.add(fresh(asBf16("fst load"), loader -> load(loader, AS_BF16)));
    ways.add(fresh(FIRST, this::firstOfStream).only(CacheState.COLD).untilFirstTensor());
    ways.add(fresh(ALONE, StreamWays::firstAlone).only(CacheState.COLD).untilFirstTensor());
    ways.add(open(toDevice("stream"), loader -> stream(loader, COPIED)));
    ways.add(open(toDevice("load"), loader -> load(loader, COPIED)));
    ways.add(open(asBf16(toDevice("stream")), loader -> stream(loader, AS_BF16)));
    ways.add(Way.of(CONVERT, StreamWays::conversion));
    return ways;
  }

  /** Returns what streams want to reach. */
  List<Goal> goals() {
    List<Goal> goals = new ArrayList<>();
    for (String way : List.of(stream(AccessPath.COPIED), stream(AccessPath.AUTO))) {
      goals.add(new Goal(CacheState.WARM, way, PlainWays.READ_POPULATED, 0.85));
      goals.add(new Goal(CacheState.COLD, way, DiskLimit.NAME, 0.95));
      besidePeer(goals, way, "runai-model-streamer", 4, 1);
      besidePeer(goals, way, "fastsafetensors", 4, 2);
      besidePeer(goals, way, "safetensors", 4, 2);
    }
    besidePeer(goals, stream(AccessPath.AUTO), "mapped by safetensors", 1, 1);
    for (CacheState state : List.of(CacheState.WARM, CacheState.COLD)) {
      goals.add(new Goal(state, toDevice("stream"), toDevice("load"), 0.95));
    }
    for (String way : List.of(asBf16("fst stream"), asBf16(toDevice("stream")))) {
      goals.add(new Goal(CacheState.COLD, way, List.of(DiskLimit.NAME, CONVERT), 0.85));
    }
    goals.add(
        new Goal(CacheState.COLD, Way.FIRST_TENSOR + FIRST, Way.FIRST_TENSOR + ALONE, 1 / 1.5));
    goals.sort(Comparator.comparing(Goal::state));
    return goals;
  }

  /** Adds a goal for each state beside the quickest way of a peer. */
  private static void besidePeer(
      List<Goal> goals, String way, String peer, double warm, double cold) {
    goals.add(new Goal(CacheState.WARM, way, PeerWays.PEER + peer, warm));
    goals.add(new Goal(CacheState.COLD, way, PeerWays.PEER + peer, cold));
  }

  private static String stream(AccessPath path) {
    return "fst stream " + path.name().toLowerCase(Locale.ROOT);
  }

  private static String load(AccessPath path) {
    return "fst load " + path.name().toLowerCase(Locale.ROOT);
  }

  private static String asBf16(String name) {
    return name + ", F32 to BF16";
  }

  private String toDevice(String what) {
    return "fst %s to %s, device open".formatted(what, device);
  }

  /** A loader for each run, whose making and closing takes part in the time. */
  private static Way fresh(String name, DeviceWays.Use use) {
    return Way.of(
        name,
        folder ->
            () -> {
              long start = System.nanoTime();
              try (Loader loader = Loader.open(folder)) {
                long opened = System.nanoTime() - start;
                return opened + use.nanos(loader);
              }
            });
  }

  private Way open(String name, DeviceWays.Use use) {
    return DeviceWays.open(name, device, use);
  }

  private StreamOptions streamed(LoadOptions options) {
    return StreamOptions.builder().load(options).window(window).build();
  }

  private long stream(Loader loader, LoadOptions options) throws Exception {
    return Way.time(() -> {
      try (TensorStream stream = loader.stream(streamed(options))) {
        stream.consume(tensor -> touch(tensor.tensor()));
      }
    });
  }

  private static long load(Loader loader, LoadOptions options) throws Exception {
    return Way.time(() -> {
      try (FileBuffer buffer = loader.load(options)) {
        for (String name : buffer.keys()) {
          touch(buffer.tensor(name));
        }
      }
    });
  }

  private long firstOfStream(Loader loader) throws LoadException {
    long start = System.nanoTime();
    try (TensorStream stream = loader.stream(streamed(COPIED));
        StreamedTensor first = stream.next().orElseThrow()) {
      touch(first.tensor());
      return System.nanoTime() - start;
    }
  }

  private static long firstAlone(Loader loader) throws LoadException {
    long start = System.nanoTime();
    String first = loader.keys().iterator().next();
    try (FileBuffer buffer = loader.load(COPIED.toBuilder().filter(first).build())) {
      touch(buffer.tensor(first));
      return System.nanoTime() - start;
    }
  }

  private static void touch(Tensor tensor) {
    tensor.host().ifPresent(HostState::touchAlone);
  }

  @SuppressWarnings("MustBeClosedChecker") // closed with the run
  private static Way.Run conversion(Path folder) throws IOException {
    long bytes = HostState.bytes(folder) / Float.BYTES * Float.BYTES;
    Arena arena = Arena.ofShared();
    MemorySegment source = BareMemory.allocate(arena, bytes);
    MemorySegment target = BareMemory.allocate(arena, bytes / 2);
    return new Way.Run() {
      @Override
      public long nanos() throws Exception {
        return Way.time(() -> HostMemory.convert(source, DType.F32, target, DType.BF16));
      }

      @Override
      public void close() {
        arena.close();
      }
    };
  }
}
