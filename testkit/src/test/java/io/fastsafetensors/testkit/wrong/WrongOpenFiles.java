// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Backends whose open files are wrong. */
final class WrongOpenFiles {
  private WrongOpenFiles() {}

  static Stream<Wrong<IoBackend>> all() {
    return Stream.of(
        new Wrong<>("IO-126", "reads where it was last", files(Positioned::new)),
        new Wrong<>("IO-126", "forgets the first byte of a page", files(OffByOne::new)),
        new Wrong<>("IO-127", "takes what it got for the whole", files(Credulous::new)),
        new Wrong<>("IO-128", "has one version for ever", files(Unchanging::new)),
        new Wrong<>("IO-128", "has a version for each opening", files(Opening::new)),
        new Wrong<>("IO-129", "unmaps with the file", files(Unmapping::new)),
        new Wrong<>("IO-129", "maps a copy", files(Copying::new)),
        new Wrong<>("IO-136", "maps what can't be written", new Reading()),
        new Wrong<>("IO-136", "maps the file itself for all", new Sharing()),
        new Wrong<>("IO-130", "looks at a file that it leaves open", new Looking()));
  }

  private static IoBackend files(UnaryOperator<IoBackend.OpenFile> change) {
    return new ForwardingBackend() {
      @Override
      public OpenFile openFile(Path file, IoOptions options) throws IOException {
        return change.apply(super.openFile(file, options));
      }
    };
  }

  /** A right file, to make wrong ones of by overriding. */
  private static class Forwarding implements IoBackend.OpenFile {
    final IoBackend.OpenFile file;

    Forwarding(IoBackend.OpenFile file) {
      this.file = file;
    }

    @Override
    public long size() {
      return file.size();
    }

    @Override
    public Optional<Object> version() throws IOException {
      return file.version();
    }

    @Override
    public TransferPath read(MemorySegment target, long offset) throws IOException {
      return file.read(target, offset);
    }

    @Override
    public boolean isCached(long offset, long bytes) {
      return file.isCached(offset, bytes);
    }

    @Override
    public Optional<DeviceBuffer> map() throws IOException {
      return file.map();
    }

    @Override
    public void close() {
      file.close();
    }
  }

  /** Has one position for all who read. */
  private static final class Positioned extends Forwarding {
    private volatile long position;

    Positioned(IoBackend.OpenFile file) {
      super(file);
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // others come between
    public TransferPath read(MemorySegment target, long offset) throws IOException {
      position = offset;
      Thread.yield();
      long last = size() - target.byteSize();
      return super.read(target, offset > last ? offset : Math.min(position, last));
    }
  }

  private static final class OffByOne extends Forwarding {
    OffByOne(IoBackend.OpenFile file) {
      super(file);
    }

    @Override
    public TransferPath read(MemorySegment target, long offset) throws IOException {
      return super.read(target, offset > 0 && offset % 4096 == 0 ? offset - 1 : offset);
    }
  }

  private static final class Credulous extends Forwarding {
    Credulous(IoBackend.OpenFile file) {
      super(file);
    }

    @Override
    public TransferPath read(MemorySegment target, long offset) throws IOException {
      try {
        return super.read(target, offset);
      } catch (IOException e) {
        return TransferPath.BUFFERED;
      }
    }
  }

  private static final class Unchanging extends Forwarding {
    Unchanging(IoBackend.OpenFile file) {
      super(file);
    }

    @Override
    public Optional<Object> version() {
      return Optional.of("1");
    }
  }

  private static final class Opening extends Forwarding {
    private final long nanos = System.nanoTime();

    Opening(IoBackend.OpenFile file) {
      super(file);
    }

    @Override
    public Optional<Object> version() throws IOException {
      return super.version().map(version -> List.of(version, nanos));
    }
  }

  private static final class Unmapping extends Forwarding {
    private final List<DeviceBuffer> mapped = new ArrayList<>();

    Unmapping(IoBackend.OpenFile file) {
      super(file);
    }

    @Override
    public Optional<DeviceBuffer> map() throws IOException {
      super.map().ifPresent(mapped::add);
      return mapped.stream().reduce((_, last) -> last);
    }

    @Override
    public void close() {
      mapped.forEach(DeviceBuffer::close);
      super.close();
    }
  }

  private static final class Copying extends Forwarding {
    Copying(IoBackend.OpenFile file) {
      super(file);
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // the buffer closes the arena
    public Optional<DeviceBuffer> map() throws IOException {
      Optional<DeviceBuffer> right = super.map();
      if (right.isEmpty()) {
        return right; // to be written
      }
      right.get().close();
      Arena arena = Arena.ofShared();
      MemorySegment copy = arena.allocate(size());
      super.read(copy, 0);
      return Optional.of(DeviceBuffer.ofHost(copy.asReadOnly(), arena::close));
    }
  }

  /** Doesn't look at what memory is for. */
  private static final class Reading extends ForwardingBackend {
    @Override
    public OpenFile openFile(Path file, IoOptions options) throws IOException {
      return super.openFile(file, options.toBuilder().writable(false).build());
    }
  }

  /** Maps the file for writing. */
  private static final class Sharing extends ForwardingBackend {
    @Override
    public OpenFile openFile(Path path, IoOptions options) throws IOException {
      return new Forwarding(super.openFile(path, options)) {
        @Override
        @SuppressWarnings("MustBeClosedChecker") // the buffer closes the arena
        public Optional<DeviceBuffer> map() throws IOException {
          if (!options.writable()) {
            return super.map();
          }
          Arena arena = Arena.ofShared();
          try (FileChannel channel =
              FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MemorySegment shared = channel.map(MapMode.READ_WRITE, 0, size(), arena);
            return Optional.of(DeviceBuffer.ofHost(shared, arena::close));
          }
        }
      };
    }
  }

  /** Opens a file twice. */
  private static final class Looking extends ForwardingBackend {
    private final List<OpenFile> looked = new ArrayList<>();

    @Override
    public OpenFile openFile(Path file, IoOptions options) throws IOException {
      looked.add(super.openFile(file, options));
      return super.openFile(file, options);
    }
  }
}
