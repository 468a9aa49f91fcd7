// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.file.IoReason;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** A file open for writing past the page cache, or why it is not. Thread-safe. */
final class DirectChannel implements AutoCloseable {
  /** The largest unit that is worth it; a network's may be that of its messages. */
  static final long MOST_ALIGNMENT = 64 << 10;

  private final @Nullable FileChannel channel;
  private final long alignment;
  private volatile @Nullable String refusal;

  private DirectChannel(@Nullable FileChannel channel, long alignment, @Nullable String refusal) {
    this.channel = channel;
    this.alignment = alignment;
    this.refusal = refusal;
  }

  /** The JDK's own option; its compiler warns of who names the class. */
  private static final class Option {
    static final OpenOption DIRECT = find();

    private static OpenOption find() {
      try {
        for (Object option :
            Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants()) {
          if (option.toString().equals("DIRECT")) {
            return (OpenOption) option;
          }
        }
      } catch (ClassNotFoundException | LinkageError e) {
        System.getLogger(DirectChannel.class.getName())
            .log(Level.DEBUG, "this Java has no direct writes", e);
      }
      return Unsupported.DIRECT;
    }
  }

  /** What every file system refuses. */
  private enum Unsupported implements OpenOption {
    DIRECT
  }

  static DirectChannel none(String why) {
    return new DirectChannel(null, 1, why);
  }

  @SuppressWarnings("MustBeClosedChecker") // closed with this
  static DirectChannel open(Path file) {
    try {
      long unit = Math.max(SaveTuning.ALIGNMENT, Files.getFileStore(file).getBlockSize());
      if (unit > MOST_ALIGNMENT || Long.bitCount(unit) != 1) {
        return none("the file system writes units of " + unit + " bytes");
      }
      FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, Option.DIRECT);
      return new DirectChannel(channel, unit, null);
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return none("the file system has no direct writes: " + IoReason.of(e));
    }
  }

  boolean isOpen() {
    return channel != null;
  }

  long alignment() {
    return alignment;
  }

  @Nullable String refusal() {
    return refusal;
  }

  boolean takes(long position, MemorySegment bytes) {
    return channel != null
        && refusal == null
        && (position | bytes.address() | bytes.byteSize()) % alignment == 0;
  }

  FileChannel channel() {
    if (channel == null) {
      throw new IllegalStateException(String.valueOf(refusal));
    }
    return channel;
  }

  /** Has all further bytes go through the page cache. */
  void refuse(IOException e) {
    refusal = "a direct write was refused: " + IoReason.of(e);
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
  }
}
