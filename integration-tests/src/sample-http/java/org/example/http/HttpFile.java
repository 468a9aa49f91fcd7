// SPDX-License-Identifier: Apache-2.0
package org.example.http;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.PlannedFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.List;

/** A file of a server: a request a read. */
final class HttpFile extends PlannedFile {
  private final Server server;
  private final Runnable onClose;

  HttpFile(Server server, RangePlan plan, Runnable onClose) {
    super(HttpBackend.ID, plan);
    this.server = server;
    this.onClose = onClose;
  }

  /** Opens a file of which nothing is known yet, and closes the server with it. */
  static SeekableByteChannel channel(Server server, Path file) throws IOException {
    try {
      RangePlan plan = RangePlan.of(file, server.facts(file).size(), List.of());
      return new HttpFile(server, plan, server::close).openAsChannel();
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  @Override
  protected void openSource() {}

  @Override
  protected State state() throws IOException {
    Server.Facts facts = server.facts(path());
    return State.of(true, facts.size(), facts.tag().isEmpty() ? null : facts.tag());
  }

  @Override
  public TransferPath read(TransferPath wanted, MemorySegment target, long offset)
      throws LoadException {
    long bytes = Math.min(target.byteSize(), size() - offset);
    try {
      byte[] got = server.get(path(), offset, bytes, size());
      target.asSlice(0, bytes).copyFrom(MemorySegment.ofArray(got));
      return TransferPath.BUFFERED;
    } catch (IOException | RuntimeException e) {
      throw failure(offset, bytes, "read", e);
    }
  }

  @Override
  public void close() {
    onClose.run();
  }
}
