// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.RawHeader;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CatalogFile;
import io.fastsafetensors.internal.plan.CheckpointFiles;
import io.fastsafetensors.internal.plan.CheckpointIndex;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.SourceFile;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Transports;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the headers of all ranks' files say.
 *
 * @param catalog the tensors
 * @param digest a digest of all headers, for ranks to compare
 * @param origins where the headers of this rank's own files came from
 */
public record Headers(Catalog catalog, String digest, Map<Path, HeaderOrigin> origins) {
  private static final Logger LOG = System.getLogger(Headers.class.getName());

  /** How many threads read headers besides the load's own. */
  private static final int MOST_HELPERS = 7;

  /**
   * Reads the headers of a checkpoint's files on this rank alone.
   *
   * @param checkpoint the files
   * @param ranks how many ranks they are for
   * @param timeout how long it may take
   * @return the tensors, in files of the ranks that a load spreads them over
   * @throws LoadException if one can't be read in time, or they don't fit together
   */
  static Catalog of(CheckpointFiles checkpoint, int ranks, Duration timeout) throws LoadException {
    List<SourceFile> files =
        CheckpointFiles.spread(checkpoint.files(), ranks).stream()
            .sorted(SourceFile.BY_RANK)
            .toList();
    List<CheckpointIndex> indexes = checkpoint.index().stream().toList();
    BoundedCall bounded =
        BoundedCall.of(StopSignal.after(timeout, () -> false), new BoundedCall.Abandoned());
    Source platform = file -> new Backends.Opened(RawHeader.read(file), "");
    return read(Transports.single(), files, indexes, platform, bounded).catalog();
  }

  /**
   * Reads the headers, each on the rank that owns the file; all ranks call it.
   *
   * @param group the ranks
   * @param files all files, in the order of ranks
   * @param indexes what has to agree with the headers
   * @param source opens the files
   * @param bounded reads the files
   */
  static Headers read(
      Transport group,
      List<SourceFile> files,
      List<CheckpointIndex> indexes,
      Source source,
      BoundedCall bounded)
      throws LoadException {
    Map<Path, HeaderOrigin> origins = new ConcurrentHashMap<>();
    Source noting = file -> readAndNote(file, source, origins);
    if (group.size() == 1) {
      List<CatalogFile> read = bounded.run(() -> readAll(files, noting, bounded), _ -> {});
      return new Headers(catalog(read, indexes), "", origins);
    }
    List<byte[]> raw =
        Agreement.gather(
            group,
            "headers",
            () -> bounded.run(() -> readOwn(files, group.rank(), noting, bounded), _ -> {}));
    return Agreement.make(
        group,
        "catalog",
        group.timeout(),
        () -> new Headers(catalog(parseAll(files, raw), indexes), Agreement.digest(raw), origins),
        _ -> {});
  }

  private static Catalog catalog(List<CatalogFile> files, List<CheckpointIndex> indexes)
      throws LoadException {
    Catalog catalog = Catalog.of(files, indexes);
    for (CheckpointIndex index : indexes) {
      index.check(catalog);
    }
    return catalog;
  }

  private static Backends.Opened readAndNote(
      Path file, Source source, Map<Path, HeaderOrigin> origins) throws LoadException {
    try {
      Optional<HeaderOrigin.Version> version = HeaderOrigin.Version.of(file);
      Backends.Opened opened = source.read(file);
      origins.put(file, new HeaderOrigin(version, opened.backend()));
      return opened;
    } catch (LoadException e) {
      throw e;
    } catch (IOException e) {
      throw new LoadException("can't read " + file + ": " + IoReason.of(e), e);
    }
  }

  /**
   * Makes sure that a file, which a backend has open, is the one that its header was read from. If
   * it might be another one its header is read again.
   *
   * @param plan what is read of a file of this rank
   * @param reader the id of the backend that has it open
   * @param backends those of the load
   * @param held hears that the file is asked, since it may not answer
   * @throws LoadException if the file has another header
   */
  void confirm(FilePlan plan, String reader, Backends backends, HeldFiles held)
      throws LoadException {
    held.ask(plan.path(), 0);
    try {
      confirm(plan.file(), reader, backends);
    } finally {
      held.done(plan.path());
    }
  }

  /**
   * Compares files of other ranks with what their owners read, as this rank sees them; several at a
   * time.
   *
   * @return for each file how it differs, in words; empty if it doesn't
   */
  List<String> faults(List<CatalogFile> files, Backends backends, BoundedCall bounded)
      throws LoadException {
    Map<Path, CatalogFile> byPath = new HashMap<>();
    files.forEach(file -> byPath.put(file.source().path(), file));
    return each(
        files.stream().map(CatalogFile::source).toList(),
        bounded,
        path -> fault(Objects.requireNonNull(byPath.get(path)), backends));
  }

  private String fault(CatalogFile file, Backends backends) {
    Path path = file.source().path();
    try {
      SafetensorsHeader header =
          readAndNote(path, backends::readHeader, origins).header().parse(path);
      return HeaderDifference.of(file.header(), header);
    } catch (LoadException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** Returns which file a path is, and when it was written to; empty if that isn't known. */
  String version(Path path) {
    HeaderOrigin origin = origins.get(path);
    return origin == null
        ? ""
        : origin.version().map(v -> v.modified() + ", file " + v.key()).orElse("");
  }

  private void confirm(CatalogFile file, String reader, Backends backends) throws LoadException {
    Path path = file.source().path();
    HeaderOrigin known = origins.get(path);
    if (known != null && !known.isOf(HeaderOrigin.Version.now(path), reader, backends)) {
      SafetensorsHeader header =
          readAndNote(path, backends::readHeader, origins).header().parse(path);
      if (!header.equals(file.header())) {
        throw known.changed(header, Objects.requireNonNull(origins.get(path)));
      }
    }
  }

  private static List<CatalogFile> readAll(
      List<SourceFile> files, Source source, BoundedCall bounded) throws LoadException {
    List<SafetensorsHeader> headers =
        each(files, bounded, file -> source.read(file).header().parse(file));
    List<CatalogFile> read = new ArrayList<>();
    for (SourceFile file : files) {
      read.add(new CatalogFile(read.size(), file, headers.get(read.size())));
    }
    return read;
  }

  private static byte[] readOwn(
      List<SourceFile> files, int rank, Source source, BoundedCall bounded) throws LoadException {
    List<SourceFile> own = files.stream().filter(file -> file.rank() == rank).toList();
    List<RawHeader> headers = each(own, bounded, file -> source.read(file).header());
    int size = 0;
    for (RawHeader header : headers) {
      size = Math.addExact(size, Long.BYTES + Integer.BYTES + header.json().length);
    }
    ByteBuffer message = ByteBuffer.allocate(size);
    headers.forEach(h -> message.putLong(h.fileSize()).putInt(h.json().length).put(h.json()));
    return message.array();
  }

  /** Reads headers. */
  @FunctionalInterface
  interface Source {
    Backends.Opened read(Path file) throws LoadException;
  }

  /** Reads something of a file. */
  @FunctionalInterface
  private interface Reading<T> {
    T of(Path file) throws LoadException;
  }

  /**
   * Reads of several files at a time: a checkpoint has dozens, each a few round trips away where
   * storage is a network. The threads are the loads' own: one that hangs is lost to nobody else. No
   * file is open any more when it returns or throws.
   *
   * @throws LoadException of the first file that can't be read, in the order given
   */
  private static <T> List<T> each(List<SourceFile> files, BoundedCall bounded, Reading<T> reading)
      throws LoadException {
    List<FutureTask<T>> tasks =
        files.stream()
            .map(file -> new FutureTask<>(() -> read(file.path(), bounded, reading)))
            .toList();
    AtomicInteger next = new AtomicInteger();
    Runnable work =
        () -> {
          for (int i = next.getAndIncrement(); i < tasks.size(); i = next.getAndIncrement()) {
            tasks.get(i).run();
          }
        };
    for (int helpers = 0; helpers < Math.min(tasks.size() - 1, MOST_HELPERS); helpers++) {
      if (!LoadThreads.tryStart(work)) {
        break;
      }
    }
    work.run();
    List<T> results = new ArrayList<>();
    try {
      for (FutureTask<T> task : tasks) {
        results.add(result(task));
      }
    } catch (Throwable e) {
      bounded.signal().fail(e); // nobody needs the other files' any more
      tasks.forEach(Headers::awaitEnd);
      throw e;
    }
    return results;
  }

  private static void awaitEnd(FutureTask<?> task) {
    try {
      result(task);
    } catch (LoadException | RuntimeException | Error e) {
      LOG.log(Level.DEBUG, "another header of a load that has failed", e);
    }
  }

  private static <T> T read(Path file, BoundedCall bounded, Reading<T> reading)
      throws LoadException {
    bounded.signal().check();
    bounded.held().ask(file, 0);
    try {
      return reading.of(file);
    } finally {
      bounded.held().done(file);
    }
  }

  /** Waits without an end: the caller leaves the thread that waits behind. */
  private static <T> T result(FutureTask<T> task) throws LoadException {
    try {
      return task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LoadCancelledException("interrupted while headers were read", false);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case LoadException failure -> throw failure;
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw new LoadException("a header: " + e.getCause(), e);
      }
    }
  }

  private static List<CatalogFile> parseAll(List<SourceFile> files, List<byte[]> raw)
      throws LoadException {
    List<ByteBuffer> messages = raw.stream().map(ByteBuffer::wrap).toList();
    List<CatalogFile> all = new ArrayList<>();
    for (SourceFile file : files) {
      RawHeader header = next(messages.get(file.rank()));
      all.add(new CatalogFile(all.size(), file, header.parse(file.path())));
    }
    return all;
  }

  private static RawHeader next(ByteBuffer message) {
    long fileSize = message.getLong();
    byte[] json = new byte[message.getInt()];
    message.get(json);
    return new RawHeader(json, fileSize);
  }
}
