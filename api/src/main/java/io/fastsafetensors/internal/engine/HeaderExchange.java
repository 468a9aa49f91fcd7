// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.HeaderFormatException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.SafetensorsHeader;
import io.fastsafetensors.internal.format.HeaderReader;
import io.fastsafetensors.internal.format.RawHeader;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CatalogFile;
import io.fastsafetensors.internal.plan.SourceFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Each rank reads the headers of its own files, and all ranks get all. */
final class HeaderExchange {
  private HeaderExchange() {}

  /** Makes the catalog of all ranks' files. */
  static Catalog catalog(ProcessGroup group, List<SourceFile> added) throws LoadException {
    List<SourceFile> files =
        added.stream().sorted(Comparator.comparingInt(SourceFile::rank)).toList();
    return Catalog.of(group.size() == 1 ? readAll(files) : exchange(group, files));
  }

  private static List<CatalogFile> readAll(List<SourceFile> files) throws LoadException {
    List<CatalogFile> read = new ArrayList<>();
    for (SourceFile file : files) {
      read.add(new CatalogFile(read.size(), file, SafetensorsHeader.read(file.path())));
    }
    return read;
  }

  private static List<CatalogFile> exchange(ProcessGroup group, List<SourceFile> files)
      throws LoadException {
    Together.agree(
        group, "the files", files.stream().map(f -> "rank " + f.rank() + ": " + f.name()).toList());
    List<byte[]> headers =
        Together.take(group, "headers", group.timeout(), () -> readOwn(files, group.rank()));
    List<CatalogFile> all = new ArrayList<>();
    for (int rank = 0; rank < group.size(); rank++) {
      parse(files, rank, headers.get(rank), all);
    }
    return all;
  }

  private static byte[] readOwn(List<SourceFile> files, int rank) throws LoadException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      for (SourceFile file : files) {
        if (file.rank() == rank) {
          write(HeaderReader.readRaw(file.path()), out);
        }
      }
    } catch (LoadException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void write(RawHeader header, DataOutputStream out) throws IOException {
    out.writeLong(header.fileSize());
    out.writeInt(header.json().length);
    out.write(header.json());
  }

  private static void parse(List<SourceFile> files, int rank, byte[] headers, List<CatalogFile> all)
      throws HeaderFormatException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(headers))) {
      for (SourceFile file : files) {
        if (file.rank() == rank) {
          long fileSize = in.readLong();
          RawHeader raw = new RawHeader(in.readNBytes(in.readInt()), fileSize);
          all.add(new CatalogFile(all.size(), file, HeaderReader.parse(file.path(), raw)));
        }
      }
    } catch (HeaderFormatException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
