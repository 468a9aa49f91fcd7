// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.ranks;

import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Selection;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.testkit.sim.SimRuntime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * A load of parts in which one rank stands still while the others go on.
 *
 * @param folder where the files are
 * @param distribution who reads
 * @param halting the rank that stands still
 * @param moment when it does
 */
record HaltedLoad(Path folder, Distribution distribution, int halting, Moment moment) {
  /** Of a file 68.7 MiB: several chunks. */
  private static final Shape SHAPE = Shape.of(3000, 6000);

  /** Nobody reads so much before all ranks have exchanged a chunk. */
  private static final long AFTER_AN_EXCHANGE = 40L << 20;

  private static final long WINDOW = 64L << 20;

  /** Room for one more part is not left. */
  private static final long FULL = WINDOW - (20L << 20);

  /** When a rank stands still. */
  enum Moment {
    /** It has read its first bytes. */
    READS,
    /** It has given and got chunks, and reads further ones; past the page cache. */
    EXCHANGES,
    /** One of the others has its rows of a chunk, one doesn't; on a device without host memory. */
    SENDS,
    /** It streams, and its window is full of tensors that it doesn't close. */
    HOLDS
  }

  /** Writes a file a rank, of several chunks. */
  void write(int ranks) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      for (int rank = 0; rank < ranks; rank++) {
        new SafetensorsWriter()
            .add("t" + rank, DType.F32, SHAPE, arena.allocate(SHAPE.elements() * Float.BYTES))
            .write(path(rank));
      }
    }
  }

  /** Returns the file of a rank. */
  Path path(int rank) {
    return folder.resolve(rank + ".safetensors");
  }

  /**
   * Loads to the end, after which the JVM has all the memory of its own that this takes; then loads
   * again, and prints where it stands still.
   */
  void run(ProcessGroup group) throws IOException {
    RankProgram.pause("joined");
    use(group, () -> {});
    RankProgram.countOwnBytes();
    use(group, HaltedLoad::halt);
  }

  private void use(ProcessGroup group, Runnable still) throws IOException {
    try (Loader loader = loader(group, still).build()) {
      for (int rank = 0; rank < group.size(); rank++) {
        loader.addFiles(rank, List.of(path(rank)));
      }
      LoadOptions options = options(group.rank(), still);
      if (moment == Moment.HOLDS) {
        stream(loader, options, group.rank() == halting ? Optional.of(still) : Optional.empty());
        return;
      }
      try (FileBuffer buffer = loader.load(options)) {
        RankProgram.print("has " + buffer.keys());
      }
    }
  }

  /** Streams parts of 22.9 MiB, of which the window has two beside the chunks. */
  private static void stream(Loader loader, LoadOptions options, Optional<Runnable> whenFull)
      throws IOException {
    StreamOptions streamed = StreamOptions.builder().load(options).window(WINDOW).build();
    try (TensorStream stream = loader.stream(streamed)) {
      for (Optional<StreamedTensor> next = stream.next(); next.isPresent(); next = stream.next()) {
        while (whenFull.isPresent() && stream.mostHeld() < FULL) {
          LockSupport.parkNanos(1_000_000);
        }
        whenFull.ifPresent(Runnable::run);
        next.get().close();
      }
    }
  }

  private Loader.Builder loader(ProcessGroup group, Runnable still) {
    Loader.Builder loader = Loader.builder().group(group);
    if (moment != Moment.SENDS) {
      return loader;
    }
    // Before it gives to the last of the others it has got chunks of the ranks before it.
    int nth = group.rank() == halting ? halting + 2 : Integer.MAX_VALUE;
    return loader
        .device(new Device(SimRuntime.TYPE, 0))
        .plugins(Plugins.installed().with(HaltingSim.of(nth, still)));
  }

  private LoadOptions options(int rank, Runnable still) {
    LoadOptions.Builder options =
        LoadOptions.builder().selection(Selection.of(Part.shard(1))).distribution(distribution);
    if (moment == Moment.EXCHANGES || moment == Moment.HOLDS) {
      options.backend("posix").direct(DirectMode.ON);
    }
    if (rank == halting && (moment == Moment.READS || moment == Moment.EXCHANGES)) {
      long enough = moment == Moment.EXCHANGES ? AFTER_AN_EXCHANGE : 0;
      AtomicBoolean halted = new AtomicBoolean();
      options.progress((done, _) -> {
        if (done > enough && halted.compareAndSet(false, true)) {
          still.run();
        }
      });
    }
    return options.build();
  }

  private static void halt() {
    try {
      RankProgram.pause("halfway");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
