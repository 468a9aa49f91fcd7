// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.SafetensorsHeader;
import io.fastsafetensors.internal.format.HeaderReader;
import io.fastsafetensors.internal.format.RawHeader;
import io.fastsafetensors.internal.parallel.ParallelRanges;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CatalogFile;
import io.fastsafetensors.internal.plan.CheckpointFiles;
import io.fastsafetensors.internal.plan.CheckpointIndex;
import io.fastsafetensors.internal.plan.SourceFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/**
 * What the headers of all ranks' files say.
 *
 * @param catalog the tensors
 * @param digest a digest of all headers, for ranks to compare
 */
public record Headers(Catalog catalog, String digest) {
  /**
   * Reads the headers of a checkpoint's files on this rank alone.
   *
   * @throws LoadException if one can't be read, or they don't fit together
   */
  public static List<SafetensorsHeader> of(CheckpointFiles checkpoint) throws LoadException {
    List<SourceFile> files =
        checkpoint.files().stream().map(file -> new SourceFile(0, file)).toList();
    List<CheckpointIndex> indexes = checkpoint.index().stream().toList();
    return read(ProcessGroup.single(), files, indexes).catalog().files().stream()
        .map(CatalogFile::header)
        .toList();
  }

  /**
   * Reads the headers, each on the rank that owns the file; all ranks call it.
   *
   * @param group the ranks
   * @param files all files, in the order of ranks
   * @param indexes what has to agree with the headers
   */
  static Headers read(ProcessGroup group, List<SourceFile> files, List<CheckpointIndex> indexes)
      throws LoadException {
    if (group.size() == 1) {
      return new Headers(catalog(readAll(files), indexes), "");
    }
    List<byte[]> raw = Together.gather(group, "headers", () -> readOwn(files, group.rank()));
    return Together.make(
        group,
        "catalog",
        group.timeout(),
        () -> new Headers(catalog(parseAll(files, raw), indexes), Digests.sha256(raw)),
        _ -> {});
  }

  private static Catalog catalog(List<CatalogFile> files, List<CheckpointIndex> indexes)
      throws LoadException {
    Catalog catalog = Catalog.of(files);
    for (CheckpointIndex index : indexes) {
      index.check(catalog);
    }
    return catalog;
  }

  private static List<CatalogFile> readAll(List<SourceFile> files) throws LoadException {
    List<SafetensorsHeader> headers = each(files, file -> SafetensorsHeader.read(file.path()));
    List<CatalogFile> read = new ArrayList<>();
    for (SourceFile file : files) {
      read.add(new CatalogFile(read.size(), file, headers.get(read.size())));
    }
    return read;
  }

  private static byte[] readOwn(List<SourceFile> files, int rank) throws LoadException {
    List<SourceFile> own = files.stream().filter(file -> file.rank() == rank).toList();
    List<RawHeader> headers = each(own, file -> HeaderReader.readRaw(file.path()));
    int size = 0;
    for (RawHeader header : headers) {
      size = Math.addExact(size, Long.BYTES + Integer.BYTES + header.json().length);
    }
    ByteBuffer message = ByteBuffer.allocate(size);
    headers.forEach(h -> message.putLong(h.fileSize()).putInt(h.json().length).put(h.json()));
    return message.array();
  }

  /** Reads something of a file. */
  @FunctionalInterface
  private interface Reading<T> {
    T of(SourceFile file) throws LoadException;
  }

  /**
   * Reads of several files at a time: a checkpoint has dozens, each a few round trips away where
   * storage is a network.
   *
   * @throws LoadException of the first file that can't be read, in the order given
   */
  private static <T> List<T> each(List<SourceFile> files, Reading<T> reading) throws LoadException {
    List<FutureTask<T>> tasks =
        files.stream().map(file -> new FutureTask<>(() -> reading.of(file))).toList();
    ParallelRanges.run(
        tasks.size(),
        1,
        (from, to) -> tasks.subList((int) from, (int) to).forEach(FutureTask::run));
    List<T> results = new ArrayList<>();
    for (FutureTask<T> task : tasks) {
      results.add(result(task));
    }
    return results;
  }

  private static <T> T result(FutureTask<T> done) throws LoadException {
    if (done.state() == Future.State.SUCCESS) {
      return done.resultNow();
    }
    switch (done.exceptionNow()) {
      case LoadException failure -> throw failure;
      case RuntimeException failure -> throw failure;
      case Error failure -> throw failure;
      case Throwable failure -> throw new LoadException(failure.toString(), failure);
    }
  }

  private static List<CatalogFile> parseAll(List<SourceFile> files, List<byte[]> raw)
      throws LoadException {
    List<ByteBuffer> messages = raw.stream().map(ByteBuffer::wrap).toList();
    List<CatalogFile> all = new ArrayList<>();
    for (SourceFile file : files) {
      RawHeader header = next(messages.get(file.rank()));
      all.add(new CatalogFile(all.size(), file, HeaderReader.parse(file.path(), header)));
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
