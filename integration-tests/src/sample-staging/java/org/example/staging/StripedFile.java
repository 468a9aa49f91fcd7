// SPDX-License-Identifier: Apache-2.0
package org.example.staging;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.PlannedFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/** A file with several descriptors, among which its reads are spread. */
final class StripedFile extends PlannedFile {
  private static final int DESCRIPTORS = 2;
  private static final long STRIPE = 1 << 20;

  private final List<RandomAccessFile> files = new ArrayList<>();

  StripedFile(RangePlan plan) {
    super(StagingBackend.ID, plan);
  }

  @Override
  protected void openSource() throws IOException {
    for (int i = 0; i < DESCRIPTORS; i++) {
      files.add(new RandomAccessFile(path().toFile(), "r"));
    }
  }

  @Override
  protected State state() throws IOException {
    boolean regular = Files.isRegularFile(path());
    return State.of(regular, files.getFirst().length(), Files.getLastModifiedTime(path()));
  }

  @Override
  public TransferPath read(TransferPath wanted, MemorySegment target, long offset)
      throws LoadException {
    FileChannel channel = files.get((int) (offset / STRIPE % DESCRIPTORS)).getChannel();
    long bytes = Math.min(target.byteSize(), size() - offset);
    try {
      for (long done = 0; done < bytes; ) {
        int read = channel.read(target.asSlice(done, bytes - done).asByteBuffer(), offset + done);
        if (read < 0) {
          throw endsAt(offset + done, bytes - done);
        }
        done += read;
      }
      return TransferPath.BUFFERED;
    } catch (IOException | RuntimeException e) {
      throw failure(offset, bytes, "read", e);
    }
  }

  @Override
  public void close() {
    for (RandomAccessFile file : files) {
      try {
        file.close();
      } catch (IOException e) {
        // It was only read.
      }
    }
    files.clear();
  }
}
