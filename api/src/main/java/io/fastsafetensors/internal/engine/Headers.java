// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.SafetensorsHeader;
import io.fastsafetensors.internal.format.HeaderReader;
import io.fastsafetensors.internal.format.RawHeader;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CatalogFile;
import io.fastsafetensors.internal.plan.CheckpointIndex;
import io.fastsafetensors.internal.plan.SourceFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What the headers of all ranks' files say.
 *
 * @param catalog the tensors
 * @param digest a digest of all headers, for ranks to compare
 */
record Headers(Catalog catalog, String digest) {
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
    List<CatalogFile> read = new ArrayList<>();
    for (SourceFile file : files) {
      read.add(new CatalogFile(read.size(), file, SafetensorsHeader.read(file.path())));
    }
    return read;
  }

  private static byte[] readOwn(List<SourceFile> files, int rank) throws LoadException {
    List<RawHeader> own = new ArrayList<>();
    int size = 0;
    for (SourceFile file : files) {
      if (file.rank() == rank) {
        RawHeader header = HeaderReader.readRaw(file.path());
        own.add(header);
        size = Math.addExact(size, Long.BYTES + Integer.BYTES + header.json().length);
      }
    }
    ByteBuffer message = ByteBuffer.allocate(size);
    own.forEach(h -> message.putLong(h.fileSize()).putInt(h.json().length).put(h.json()));
    return message.array();
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
