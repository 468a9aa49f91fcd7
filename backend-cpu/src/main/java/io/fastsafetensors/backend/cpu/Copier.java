// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.Reason;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.MemoryBudget;
import java.util.List;

/** What the files share that one session copies: threads, memory, and the size of a read. */
final class Copier implements AutoCloseable {
  /** More threads than this only wait for each other, on one disk. */
  private static final int MAX_THREADS = 8;

  private static final long BLOCK = 4 << 20;

  /** What a single {@link java.nio.ByteBuffer} can take, and then some room. */
  private static final long MAX_BLOCK = 1 << 30;

  /**
   * Large enough to make few buffers, small enough to share the work of allocating them. From half
   * of it on, 32 MiB, glibc gets memory from the system and gives it back when it is freed; less
   * than that it keeps, for each thread that allocated it, once such an amount was freed before.
   */
  private static final long PART = 64 << 20;

  private final DeviceContext context;
  private final IoOptions options;
  private final MemoryBudget budget;
  private final LoadMemory memory;
  private final ReadPool pool;
  private long files;

  Copier(DeviceContext context, IoOptions options) {
    this.context = context;
    this.options = options;
    this.budget = new MemoryBudget(context.device(), options.memoryBudget());
    this.memory = options.monitor().memory();
    this.pool = new ReadPool(options.threads() > 0 ? options.threads() : defaultThreads());
  }

  private static int defaultThreads() {
    return Math.clamp(Runtime.getRuntime().availableProcessors(), 2, MAX_THREADS);
  }

  /** Starts copying a file, which the ticket then owns; not if there is an exception. */
  CopyTicket start(OpenFile file, RangePlan plan, Reason reason) throws LoadException {
    List<CopyPart> parts = CopyPart.split(plan, options.alignment(), PART);
    long bytes = CopyPart.bytes(parts);
    budget.take(bytes);
    LoadMemory.Reservation promise = memory.reserve(bytes);
    CopyTicket ticket = new CopyTicket(this, files++, file, parts, promise, reason);
    try {
      ticket.start();
    } catch (RuntimeException | Error e) {
      ticket.close(); // jobs that have begun end before
      throw e;
    }
    return ticket;
  }

  DeviceContext context() {
    return context;
  }

  IoMonitor monitor() {
    return options.monitor();
  }

  MemoryBudget budget() {
    return budget;
  }

  ReadPool pool() {
    return pool;
  }

  long blockBytes() {
    return options.blockBytes() > 0 ? Math.min(options.blockBytes(), MAX_BLOCK) : BLOCK;
  }

  @Override
  public void close() {
    pool.close();
  }
}
