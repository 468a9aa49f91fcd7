// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.TransferStats;
import io.fastsafetensors.toolkit.io.ParallelTicket;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/** A file being copied: threads of the session allocate its parts, and read them in batches. */
final class CopyTicket extends ParallelTicket {
  private final Copier copier;
  private final long number;
  private final OpenFile file;
  private final List<CopyPart> parts;
  private final LoadMemory.Reservation promise;
  private final Reason reason;

  /** The parts' memory, in their order. */
  private final SortedMap<Integer, DeviceBuffer> buffers = new ConcurrentSkipListMap<>();

  private final LongAdder readNanos = new LongAdder();

  /**
   * Makes a ticket.
   *
   * @param copier the session's threads and memory, from which the parts' bytes were taken
   * @param number the file's place in the session
   * @param file the file; the ticket closes it
   * @param parts what to read
   * @param promise the parts' memory, which the ticket gives back or uses
   * @param reason why the file is copied
   */
  CopyTicket(
      Copier copier,
      long number,
      OpenFile file,
      List<CopyPart> parts,
      LoadMemory.Reservation promise,
      Reason reason) {
    super(file.path(), copier.monitor(), parts.size());
    this.copier = copier;
    this.number = number;
    this.file = file;
    this.parts = parts;
    this.promise = promise;
    this.reason = reason;
  }

  void start() {
    for (int part = 0; part < parts.size(); part++) {
      int first = part;
      execute(first, 0, () -> allocate(first));
    }
  }

  private void execute(int part, int step, Job job) {
    copier.pool().execute(number, part, step, () -> run(job));
  }

  private void allocate(int index) throws LoadException {
    copier.context().attach();
    copier.monitor().checkpoint();
    CopyPart part = parts.get(index);
    DeviceContext context = copier.context();
    long bytes = part.layout().bytes();
    DeviceBuffer buffer = promise.during(() -> context.allocate(bytes, part.bufferAlignment()));
    buffers.put(index, buffer);
    MemorySegment memory = buffer.host().orElseThrow();
    List<List<Span>> batches = part.batches(copier.blockBytes());
    add(batches.size());
    for (int batch = 0; batch < batches.size(); batch++) {
      List<Span> blocks = batches.get(batch);
      execute(index, batch, () -> read(blocks, memory));
    }
  }

  private void read(List<Span> blocks, MemorySegment memory) throws LoadException {
    IoMonitor monitor = copier.monitor();
    for (Span block : blocks) {
      monitor.checkpoint();
      long start = System.nanoTime();
      file.read(block, memory.asSlice(block.bufferOffset(), block.bytes()));
      long nanos = System.nanoTime() - start;
      readNanos.add(nanos);
      monitor.blockDone(
          file.path(), TransferPath.BUFFERED, block.fileOffset(), block.bytes(), nanos);
      // If a progress listener interrupted this thread, the next read would close the file.
      Thread.interrupted();
    }
  }

  @Override
  protected LoadedRanges finish() throws LoadException {
    file.checkUnchanged();
    List<Region> regions = new ArrayList<>();
    buffers.forEach((part, buffer) -> regions.addAll(parts.get(part).layout().regions(buffer)));
    return LoadedRanges.of(List.copyOf(buffers.values()), regions, stats());
  }

  private TransferStats stats() {
    long bytes =
        parts.stream().flatMap(p -> p.layout().spans().stream()).mapToLong(Span::bytes).sum();
    return TransferStats.builder()
        .bytes(TransferPath.BUFFERED, bytes)
        .readNanos(readNanos.sum())
        .reason(reason)
        .build();
  }

  @Override
  protected void release(boolean handedOut) {
    file.close();
    promise.close();
    if (!handedOut) {
      buffers.values().forEach(DeviceBuffer::close);
      copier.budget().giveBack(CopyPart.bytes(parts));
    }
  }
}
