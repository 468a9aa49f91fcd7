// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.file.SharedChannels;
import io.fastsafetensors.spi.RangePlan;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A file that is read through channels of the Java platform: of the local file system, or of any
 * other provider. A {@link FileChannel} serves all threads; of other channels each thread that
 * reads at the same time has one.
 *
 * @since 0.1
 */
public final class ChannelFile extends PlannedFile {
  private static final Logger LOG = System.getLogger(ChannelFile.class.getName());

  private final Opener opener;
  private @Nullable SharedChannels channels;
  private @Nullable Object key;

  /**
   * Opens channels of a file.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Opener {
    /**
     * Opens a channel.
     *
     * @param file the file
     * @return the channel, for reading; the caller closes it
     * @throws IOException if the file can't be opened
     */
    SeekableByteChannel open(Path file) throws IOException;
  }

  /**
   * Plans to read a file, which is not open yet.
   *
   * @param backend the id of the backend that reads it
   * @param plan what is to be read
   * @param opener opens its channels, as {@link io.fastsafetensors.spi.IoBackend#channel} does
   */
  public ChannelFile(String backend, RangePlan plan, Opener opener) {
    super(backend, plan);
    this.opener = opener;
  }

  @Override
  protected void openSource() throws IOException {
    channels = SharedChannels.open(() -> opener.open(path()));
  }

  private SharedChannels channels() {
    return Objects.requireNonNull(channels, "the file is not open");
  }

  /** The size is that of the open file; the rest is asked by name, where there is such a thing. */
  @Override
  protected State state() throws IOException {
    long size = channels().size();
    try {
      BasicFileAttributes now = Files.readAttributes(path(), BasicFileAttributes.class);
      key = key == null ? now.fileKey() : key;
      // A file that took the place of the open one says nothing of that.
      boolean replaced = !Objects.equals(key, now.fileKey());
      return State.of(!now.isDirectory(), size, replaced ? null : now.lastModifiedTime());
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.DEBUG, () -> path() + ": its time of change is unknown: " + e);
      return State.of(true, size, null);
    }
  }

  /**
   * Returns the channel for mappings.
   *
   * @return the channel, which stays this object's; empty where the file system has none
   */
  public Optional<FileChannel> fileChannel() {
    return channels == null ? Optional.empty() : channels.fileChannel();
  }

  @Override
  public TransferPath read(TransferPath wanted, MemorySegment target, long offset)
      throws LoadException {
    long bytes = Math.min(target.byteSize(), size() - offset);
    try {
      long read = channels().read(target.asSlice(0, bytes), offset);
      if (read < bytes) {
        throw endsAt(offset + read, bytes - read);
      }
      return TransferPath.BUFFERED;
    } catch (IOException | RuntimeException e) {
      throw failure(offset, bytes, "read", e);
    }
  }

  @Override
  public void close() {
    if (channels != null) {
      channels.close();
    }
  }
}
