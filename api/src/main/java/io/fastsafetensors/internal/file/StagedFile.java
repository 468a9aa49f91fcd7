// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that is written beside its place, and has its name once it is whole. It is deleted if it
 * is closed before, or if the process is told to end. Not thread-safe, but for its channel.
 */
public final class StagedFile implements AutoCloseable {
  private final Path temporary;
  private final FileChannel channel;
  private final FileRights rights;
  private final boolean isJoined;
  private boolean moved;

  private StagedFile(Path temporary, FileChannel channel, FileRights rights, boolean isJoined) {
    this.temporary = temporary;
    this.channel = channel;
    this.rights = rights;
    this.isJoined = isJoined;
  }

  /**
   * Makes an empty file.
   *
   * @param temporary where it is until it has its name, as {@link TemporaryFiles#in} names it
   * @param rights who may do what with it
   * @param preparer has the file before anybody else may see it
   * @throws IOException if it can't be made, or the process is ending
   */
  public static StagedFile make(Path temporary, FileRights rights, Preparer preparer)
      throws IOException {
    FileChannel channel = TemporaryFiles.make(temporary, preparer, rights.toBeginWith());
    return new StagedFile(temporary, channel, rights, false);
  }

  /**
   * Opens a file that another process has made, which gives it its name or deletes it.
   *
   * @param temporary where it is
   * @throws IOException if it isn't there, or can't be opened
   */
  @SuppressWarnings("MustBeClosedChecker") // closed with the file
  public static StagedFile join(Path temporary) throws IOException {
    return new StagedFile(
        temporary, FileChannel.open(temporary, StandardOpenOption.WRITE), FileRights.NEW, true);
  }

  /** Has a file first. */
  @FunctionalInterface
  public interface Preparer {
    /** Does nothing. */
    Preparer NONE = _ -> {};

    /** Prepares an empty file. */
    void prepare(Path file) throws IOException;
  }

  /** Returns where the file is until it has its name. */
  public Path path() {
    return temporary;
  }

  /** Returns the file, open for writing. */
  public FileChannel channel() {
    return channel;
  }

  /**
   * Brings all that was written to the disk, and gives the file its owner and mode.
   *
   * @throws IOException if that fails
   */
  public void flush() throws IOException {
    rights.applyTo(temporary);
    channel.force(true);
  }

  /**
   * Gives the file its name, in place of what has it.
   *
   * @param target the name, in the file's folder
   * @throws IOException if that fails: the file is still here
   */
  public void moveTo(Path target) throws IOException {
    if (isJoined) {
      throw new IllegalStateException("another process names " + temporary);
    }
    Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    moved = true;
  }

  /** Ends it; deletes a file without a name. What that fails with is logged. */
  @Override
  public void close() {
    try (channel) {
      if (!moved && !isJoined) {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      System.getLogger(StagedFile.class.getName())
          .log(Level.WARNING, "can't end the file " + temporary + ": " + IoReason.of(e), e);
    } finally {
      if (!isJoined) {
        TemporaryFiles.forget(temporary);
      }
    }
  }
}
