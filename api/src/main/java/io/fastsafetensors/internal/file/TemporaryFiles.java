// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;

/**
 * The temporary files of this process' writers. They are deleted when the process is told to end;
 * if it is killed they stay, and the next writer tells of them: each is locked while its writer
 * lives.
 */
public final class TemporaryFiles {
  private static final Logger LOG = System.getLogger(TemporaryFiles.class.getName());
  private static final String GLOB = ".fastsafetensors-*.tmp*";
  private static final Pattern NAME =
      Pattern.compile("\\.fastsafetensors-[0-9a-f-]{36}\\.tmp(\\.new)?");

  /** Ends the name of a file that is not locked yet. */
  private static final String UNLOCKED = ".new";

  /** How old a file is that nobody writes any more, where files can't be locked. */
  private static final Duration OLD = Duration.ofDays(1);

  /** How old a file is whose writer ended before it locked it. */
  private static final Duration MADE = Duration.ofSeconds(10);

  /** How long the end of the process waits for a file that is being made. */
  private static final long MOST_SECONDS_TO_END = 5;

  private static final ReentrantLock MAKING = new ReentrantLock();
  private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();
  private static final Set<Path> TOLD = ConcurrentHashMap.newKeySet();
  private static boolean watching;
  private static volatile boolean ending;

  private TemporaryFiles() {}

  /** Returns whether a name is that of a file that is being written, or was. */
  public static boolean isTemporary(String name) {
    return NAME.matcher(name).matches();
  }

  /** Names a file in a folder; the target's own name could be too long for a suffix. */
  public static Path in(Path folder) {
    return folder.resolve(".fastsafetensors-" + UUID.randomUUID() + ".tmp");
  }

  /**
   * Makes a file, to be forgotten when it is no longer there. It has its name once it is locked, so
   * that nobody takes it for abandoned.
   *
   * @param preparer has the file before it is locked: to open and close it later would end the lock
   * @throws IOException if that fails, or the process is ending
   */
  static FileChannel make(Path file, StagedFile.Preparer preparer, FileAttribute<?>... attributes)
      throws IOException {
    Path unlocked = file.resolveSibling(file.getFileName() + UNLOCKED);
    MAKING.lock();
    try {
      watchForTheEnd();
      OWN.add(unlocked);
      FileChannel channel =
          FileChannel.open(
              unlocked,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              attributes);
      try {
        preparer.prepare(unlocked);
        lock(channel);
        OWN.add(file);
        Files.move(unlocked, file, StandardCopyOption.ATOMIC_MOVE);
        return channel;
      } catch (Throwable e) {
        OWN.remove(file);
        channel.close();
        Files.deleteIfExists(unlocked);
        throw e;
      }
    } finally {
      OWN.remove(unlocked);
      MAKING.unlock();
    }
  }

  /** Returns the names that a file of a writer that was killed may have. */
  public static List<String> namesOf(String temporary) {
    return List.of(temporary, temporary + UNLOCKED);
  }

  static void forget(Path file) {
    OWN.remove(file);
  }

  private static void watchForTheEnd() throws IOException {
    try {
      if (!watching) {
        Runtime.getRuntime()
            .addShutdownHook(new Thread(TemporaryFiles::deleteAll, "fastsafetensors-temporary"));
        watching = true;
      }
    } catch (IllegalStateException e) {
      throw new IOException("the process is ending", e);
    }
    if (ending) {
      throw new IOException("the process is ending");
    }
  }

  /** Held until the channel is closed, or the process ends however it may. */
  @SuppressWarnings("EmptyCatch") // then its age has to tell
  private static void lock(FileChannel channel) {
    try {
      var _ = channel.tryLock();
    } catch (IOException | RuntimeException e) {
      // Not every file system has locks.
    }
  }

  private static void deleteAll() {
    ending = true;
    boolean locked = false;
    try {
      locked = MAKING.tryLock(MOST_SECONDS_TO_END, TimeUnit.SECONDS);
      for (Path file : new HashSet<>(OWN)) {
        delete(file);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (locked) {
        MAKING.unlock();
      }
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.WARNING, "can't delete the temporary file " + file, e);
    }
  }

  /** Tells once of each file in a folder whose writer was killed. */
  public static void tellAbandoned(Path folder) {
    for (Path file : temporaryFiles(folder)) {
      if (!OWN.contains(file) && !TOLD.contains(file) && isAbandoned(file) && TOLD.add(file)) {
        LOG.log(Level.WARNING, file + " was left by a writer that was killed: delete it");
      }
    }
  }

  /**
   * Deletes each file in a folder whose writer was killed, and tells of it.
   *
   * @return the files
   */
  public static List<Path> deleteAbandoned(Path folder) {
    List<Path> deleted = new ArrayList<>();
    for (Path file : temporaryFiles(folder)) {
      if (!OWN.contains(file) && isAbandoned(file)) {
        LOG.log(Level.WARNING, file + " was left by a writer that was killed, and is deleted");
        delete(file);
        deleted.add(file);
      }
    }
    return deleted;
  }

  private static List<Path> temporaryFiles(Path folder) {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, GLOB)) {
      entries.forEach(files::add);
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.DEBUG, "can't look for temporary files in " + folder, e);
    }
    return files;
  }

  private static boolean isAbandoned(Path file) {
    try {
      RegularFile.size(file);
      if (file.toString().endsWith(UNLOCKED) && !isOlderThan(MADE, file)) {
        return false; // to try its lock could keep its writer from having it
      }
      try (FileChannel channel = FileChannel.open(file);
          FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true)) {
        // It may have been finished in between.
        return lock != null && Files.exists(file);
      } catch (IOException | UnsupportedOperationException e) {
        return isOlderThan(OLD, file);
      }
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }

  private static boolean isOlderThan(Duration age, Path file) throws IOException {
    return Files.getLastModifiedTime(file).toInstant().isBefore(Instant.now().minus(age));
  }
}
