// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.TransferStats;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Backends whose bytes, places or numbers are wrong. */
final class WrongReaders {
  private WrongReaders() {}

  static Stream<Wrong<IoBackend>> all() {
    return Stream.of(
        new Wrong<>(
            "IO-103", "forgets empty ranges", handingOut((o, p, l) -> withoutEmptyRegions(l))),
        new Wrong<>("IO-104", "lists a buffer twice", handingOut((o, p, l) -> twice(l))),
        new Wrong<>("IO-105", "takes what it got for the whole", new Credulous()),
        new Wrong<>("IO-108", "forgets the alignment", opening(o -> align(o, 0))),
        new Wrong<>(
            "IO-109", "takes a short file for a missing feature", excusing(WrongReaders::isShort)),
        new Wrong<>(
            "IO-109",
            "takes a missing file for a missing feature",
            excusing(plan -> Files.notExists(plan.file()))),
        new Wrong<>("IO-113", "forgets the budget", opening(o -> budget(o, Long.MAX_VALUE))),
        new Wrong<>("IO-113", "forgets the padding", opening(WrongReaders::stingy)),
        new Wrong<>("IO-115", "keeps first blocks to itself", opening(WrongReaders::secretive)),
        new Wrong<>("IO-121", "does what it can instead", opening(o -> way(o, AccessPath.AUTO))),
        new Wrong<>("IO-122", "copies what it claims to map", new Copying()),
        new Wrong<>(
            "IO-136",
            "hands out what can't be written",
            handingOut((o, p, l) -> o.writable() ? readOnly(p) : l)),
        new Wrong<>("IO-125", "has passed the header", channels(c -> c.position(8))),
        new Wrong<>("IO-125", "shares its channels", new Sharing()),
        new Wrong<>("IO-125", "leaves what it looked at open", new LookingFirst()),
        new Wrong<>(
            "IO-118",
            "mixes up ranges with three threads",
            handingOut((o, p, l) -> o.threads() == 3 ? swapped(l) : l)));
  }

  /** What is done to ranges before they are handed out. */
  @FunctionalInterface
  interface Change {
    LoadedRanges apply(IoOptions options, RangePlan plan, LoadedRanges loaded);
  }

  /** What is done to options before they are used. */
  @FunctionalInterface
  interface Misreading {
    IoOptions apply(IoOptions options);
  }

  static IoBackend handingOut(Change change) {
    return new ForwardingBackend() {
      @Override
      public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
        return new ForwardingSession(context, options, super.open(context, options)) {
          @Override
          LoadedRanges handOut(RangePlan plan, LoadedRanges loaded) {
            return change.apply(options, plan, loaded);
          }
        };
      }
    };
  }

  /** What is done to channels before they are handed out. */
  @FunctionalInterface
  interface Opening {
    SeekableByteChannel apply(SeekableByteChannel channel) throws IOException;
  }

  private static IoBackend channels(Opening opening) {
    return new ForwardingBackend() {
      @Override
      public SeekableByteChannel channel(Path file) throws IOException {
        return opening.apply(super.channel(file));
      }
    };
  }

  /** Gives all who ask for a file the same channel. */
  private static final class Sharing extends ForwardingBackend {
    private final Map<Path, SeekableByteChannel> opened = new ConcurrentHashMap<>();

    @Override
    public SeekableByteChannel channel(Path file) throws IOException {
      SeekableByteChannel known = opened.get(file);
      if (known == null || !known.isOpen()) {
        opened.put(file, super.channel(file));
      }
      return opened.get(file);
    }
  }

  /** Opens a file twice. */
  private static final class LookingFirst extends ForwardingBackend {
    private final List<SeekableByteChannel> looked = new ArrayList<>();

    @Override
    public SeekableByteChannel channel(Path file) throws IOException {
      looked.add(super.channel(file));
      return super.channel(file);
    }

    @Override
    public OpenFile openFile(Path file, IoOptions options) throws IOException {
      return new ForwardingBackend().openFile(file, options);
    }
  }

  static IoBackend opening(Misreading misreading) {
    return new ForwardingBackend() {
      @Override
      public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
        return super.open(context, misreading.apply(options));
      }
    };
  }

  private static IoOptions align(IoOptions options, long alignment) {
    return ForwardingBackend.with(options, alignment, options.memoryBudget());
  }

  private static IoOptions budget(IoOptions options, long bytes) {
    return ForwardingBackend.with(options, options.alignment(), bytes);
  }

  private static IoOptions secretive(IoOptions options) {
    return ForwardingBackend.with(
        options,
        new ForwardingMonitor(options.monitor()) {
          @Override
          public void blockDone(Path file, TransferPath path, long offset, long bytes, long nanos) {
            if (offset > 0) {
              super.blockDone(file, path, offset, bytes, nanos);
            }
          }
        });
  }

  private static IoOptions stingy(IoOptions options) {
    boolean padded = options.alignment() >= 4096 && options.memoryBudget() < Long.MAX_VALUE;
    return padded ? budget(options, Long.MAX_VALUE) : options;
  }

  private static IoOptions way(IoOptions o, AccessPath path) {
    return o.toBuilder().path(path).direct(DirectMode.AUTO).build();
  }

  private static LoadedRanges withoutEmptyRegions(LoadedRanges loaded) {
    List<Region> regions = loaded.regions().stream().filter(region -> region.bytes() > 0).toList();
    return LoadedRanges.of(loaded.buffers(), regions, loaded.stats());
  }

  private static LoadedRanges twice(LoadedRanges loaded) {
    List<DeviceBuffer> buffers = new ArrayList<>(loaded.buffers());
    buffers.addAll(loaded.buffers());
    return LoadedRanges.of(buffers, loaded.regions(), loaded.stats());
  }

  private static LoadedRanges swapped(LoadedRanges loaded) {
    return LoadedRanges.of(loaded.buffers(), loaded.regions().reversed(), loaded.stats());
  }

  /** Hands out memory of the host, as a mapping would be. */
  @SuppressWarnings("MustBeClosedChecker") // the buffer closes the arena
  private static LoadedRanges readOnly(RangePlan plan) {
    Arena arena = Arena.ofShared();
    MemorySegment memory = arena.allocate(plan.fileSize()).asReadOnly();
    DeviceBuffer buffer = DeviceBuffer.ofHost(memory, arena::close);
    List<Region> regions =
        plan.ranges().stream()
            .map(range -> Region.of(buffer, range.begin(), range.size()))
            .toList();
    return LoadedRanges.of(List.of(buffer), regions, TransferStats.builder().build());
  }

  static boolean isShort(RangePlan plan) {
    try {
      return Files.size(plan.file()) < plan.fileSize();
    } catch (IOException e) {
      return false;
    }
  }

  /** Hands out memory that it never filled when a file is too short. */
  private static final class Credulous extends ForwardingBackend {
    @Override
    public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
      return new ForwardingSession(context, options, super.open(context, options)) {
        @Override
        public IoTicket submit(RangePlan plan) throws LoadException {
          return isShort(plan) ? unread(context, plan) : super.submit(plan);
        }
      };
    }
  }

  private static IoTicket unread(DeviceContext context, RangePlan plan) throws LoadException {
    DeviceBuffer buffer = context.allocate(plan.bytes(), 64);
    TransferStats stats =
        TransferStats.builder()
            .bytes(TransferPath.BUFFERED, plan.bytes())
            .reason("never read")
            .build();
    return new IoTicket() {
      @Override
      public LoadedRanges await() {
        return LoadedRanges.of(List.of(buffer), List.of(Region.of(buffer)), stats);
      }

      @Override
      public void close() {}
    };
  }

  /** Sends the engine to the next backend. */
  private static IoBackend excusing(Predicate<RangePlan> when) {
    return new ForwardingBackend() {
      @Override
      public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
        return new ForwardingSession(context, options, super.open(context, options)) {
          @Override
          public IoTicket submit(RangePlan plan) throws LoadException {
            if (when.test(plan)) {
              throw new UnsupportedTransferException("sim", plan.file(), "no such feature", null);
            }
            return super.submit(plan);
          }
        };
      }
    };
  }

  /** Claims to map, and reads into private memory. */
  private static final class Copying extends ForwardingBackend {
    @Override
    public Availability probe(Device device) {
      return Availability.available("maps", Capability.COPIED, Capability.MAPPED);
    }

    @Override
    public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
      boolean mapped = options.path() == AccessPath.MAPPED;
      return super.open(context, mapped ? way(options, AccessPath.COPIED) : options);
    }
  }
}
