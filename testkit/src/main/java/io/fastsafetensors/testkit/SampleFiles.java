// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.spi.ByteRange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ProviderNotFoundException;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * Writes sample files: raw bytes, each computed from its place, so that any part can be checked
 * without keeping a copy. Works on any file system provider.
 *
 * @since 0.1
 */
public final class SampleFiles {
  private static final int CHUNK = 1 << 20;

  private SampleFiles() {}

  /**
   * Writes a file.
   *
   * @param path the new file
   * @param bytes its size
   * @param seed what its bytes are made from
   * @return the file
   * @throws IOException if it can't be written
   */
  public static SampleFile write(Path path, long bytes, long seed) throws IOException {
    return writeTail(path, bytes, bytes, seed);
  }

  /**
   * Writes a file of which only the end is filled; where the file system knows holes, the rest
   * takes no room.
   *
   * @param path the new file
   * @param bytes its size
   * @param tail how many bytes at its end are filled, the others are undefined
   * @param seed what the filled bytes are made from
   * @return the file
   * @throws IOException if it can't be written
   */
  public static SampleFile writeTail(Path path, long bytes, long tail, long seed)
      throws IOException {
    SampleFile file = new SampleFile(path, bytes, seed);
    try (SeekableByteChannel channel =
        Files.newByteChannel(
            path,
            Set.of(
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.WRITE,
                StandardOpenOption.SPARSE))) {
      channel.position(bytes - tail);
      for (long at = bytes - tail; at < bytes; at += CHUNK) {
        ByteRange chunk = new ByteRange(at, Math.min(bytes, at + CHUNK));
        writeFully(channel, ByteBuffer.wrap(file.expected(chunk)));
      }
    }
    return file;
  }

  /** Writes other bytes over those of a file, in place; returns what it is since. */
  static SampleFile overwrite(SampleFile file) throws IOException {
    SampleFile changed = new SampleFile(file.path(), file.bytes(), file.seed() + 1);
    try (SeekableByteChannel channel =
        Files.newByteChannel(file.path(), StandardOpenOption.WRITE)) {
      writeFully(channel, ByteBuffer.wrap(changed.expected(new ByteRange(0, file.bytes()))));
    }
    return changed;
  }

  private static void writeFully(SeekableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Mixes seed and place so that bytes out of place are never right for long. */
  static byte byteAt(long seed, long place) {
    long mixed = (place + seed * 0x9E37_79B9_7F4A_7C15L) * 0xBF58_476D_1CE4_E5B9L;
    return (byte) ((mixed ^ (mixed >>> 31)) >>> 24);
  }

  /** Files that become shorter than their header said. */
  static final class FileCuts {
    private FileCuts() {}

    /** Cuts a file off. */
    static void cut(Path path, long left) {
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
        channel.truncate(left);
      } catch (IOException e) {
        throw new UncheckedIOException(path + " can't be cut off", e);
      }
    }
  }

  /** A folder for one test's files, deleted with all that is in it. */
  static final class ScratchFolder implements AutoCloseable {
    private final Path path;
    private int count;

    ScratchFolder(TestkitEnvironment environment) throws IOException {
      this.path = Files.createTempDirectory(environment.folder(), "fst-testkit-");
    }

    /** Names a file that is not there yet. */
    Path next() {
      return path.resolve("sample-" + count++ + ".bin");
    }

    /** Writes a file of which each byte is known. */
    SampleFile write(long bytes) throws IOException {
      return SampleFiles.write(next(), bytes, count);
    }

    /** Makes a zip file, whose files are those of another provider. */
    FileSystem newZip() throws IOException {
      try {
        return FileSystems.newFileSystem(next(), Map.of("create", "true"));
      } catch (ProviderNotFoundException e) {
        Assumptions.abort("no zip file system here: add the module jdk.zipfs");
        throw new AssertionError("abort() throws", e);
      }
    }

    @Override
    public void close() throws IOException {
      List<Path> all;
      try (Stream<Path> walk = Files.walk(path)) {
        all = walk.sorted(Comparator.reverseOrder()).toList();
      }
      for (Path entry : all) {
        Files.delete(entry);
      }
    }
  }
}
