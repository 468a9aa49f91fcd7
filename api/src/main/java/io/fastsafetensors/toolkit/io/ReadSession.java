// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.RangePlan;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One load's reads, done by threads of the session. A reader says what its file is and where the
 * bytes go; queue, threads, tickets, deadlines and the order of closing are here (rules IO-101,
 * IO-102, IO-106, IO-107, IO-111 and IO-112).
 *
 * <p>Used by one thread at a time, as every session is.
 *
 * @param <F> the kind of file
 * @since 0.1
 */
public abstract class ReadSession<F extends PlannedFile> implements IoSession {
  private static final Logger LOG = System.getLogger(ReadSession.class.getName());

  /** How many bytes to read are worth a thread. */
  private static final long WORTH = 4L << 20;

  /** How many streams copy at a time: one is filled while the other is under way. */
  private static final int STREAMS = 2;

  private final DeviceContext context;
  private final IoOptions options;
  private final ReadTuning tuning;
  private final MemoryBudget budget;
  private final ScratchMemory scratch;
  private final ReadQueue queue;
  private final SessionThreads threads;
  private @Nullable StagingRing ring;
  private long bytes;
  private boolean closed;

  /**
   * Where a file's bytes go, and by which ways; immutable.
   *
   * @since 0.1
   */
  protected static final class Choice {
    private final ReadTarget target;
    private final PathChoice paths;

    private Choice(ReadTarget target, PathChoice paths) {
      this.target = target;
      this.paths = paths;
    }

    /**
     * Makes a choice.
     *
     * @param target the memory
     * @param paths chooses the way of each read
     * @return the choice
     */
    public static Choice of(ReadTarget target, PathChoice paths) {
      return new Choice(target, paths);
    }
  }

  /**
   * Opens a session, with no thread yet.
   *
   * @param name the backend's id, for names of threads
   * @param context the device, open; it stays the caller's
   * @param options how to read
   * @param tuning how many reads at a time, and how large
   */
  protected ReadSession(String name, DeviceContext context, IoOptions options, ReadTuning tuning) {
    this(name, context, options, tuning, () -> {});
  }

  /**
   * Opens a session, with no thread yet.
   *
   * @param name the backend's id, for names of threads
   * @param context the device, open; it stays the caller's
   * @param options how to read
   * @param tuning how many reads at a time, and how large
   * @param onThreadStart run on each thread of the session when it starts
   */
  protected ReadSession(
      String name,
      DeviceContext context,
      IoOptions options,
      ReadTuning tuning,
      Runnable onThreadStart) {
    this.context = context;
    this.options = options;
    this.tuning = tuning;
    this.budget = new MemoryBudget(context.device(), options.memoryBudget());
    this.scratch = new ScratchMemory(context, tuning.blockBytes());
    ReadQueue reads = new ReadQueue(tuning.depth(), tuning.width());
    this.queue = reads;
    this.threads =
        new SessionThreads("fastsafetensors-" + name + "-", () -> work(reads, onThreadStart));
  }

  /**
   * Plans to read a file, and refuses what the backend lacks for the options of the load.
   *
   * @param plan what to read
   * @return the file, not open yet
   * @throws LoadException if the backend does not serve it
   */
  protected abstract F plan(RangePlan plan) throws LoadException;

  /**
   * Chooses where the bytes of a file go, and allocates that.
   *
   * @param plan what to read
   * @param file the file, open; closed by the session if this throws
   * @return the choice; the session releases the target
   * @throws LoadException if there is no memory, or the backend does not serve the file
   */
  protected abstract Choice choose(RangePlan plan, F file) throws LoadException;

  /**
   * Frees what the session's files shared; called once, when no thread runs any more, on a thread
   * that is attached to the device. Does nothing unless overridden.
   */
  protected void closeShared() {}

  @Override
  public final IoTicket submit(RangePlan plan) throws LoadException {
    if (closed) {
      throw new IllegalStateException("this session is closed"); // IO-111
    }
    F file = plan(plan);
    file.open();
    try {
      return start(plan, file, choose(plan, file));
    } catch (LoadException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private FileTicket start(RangePlan plan, F file, Choice choice) {
    boolean started = false;
    try {
      FileTicket ticket =
          new FileTicket(
              context, plan, file, choice.target, choice.paths, options.monitor(), queue);
      addThreads(choice);
      queue.add(ticket);
      started = true;
      return ticket;
    } finally {
      if (!started) {
        choice.target.release(false);
      }
    }
  }

  /** Adds threads as more bytes are worth them. */
  private void addThreads(Choice choice) {
    List<FileRead> reads = choice.target.reads();
    bytes = Math.addExact(bytes, reads.stream().mapToLong(FileRead::bytes).sum());
    int most = choice.paths.mayUseStorage() ? tuning.threads() : tuning.width();
    threads.grow(Math.min(Math.ceilDiv(bytes, Math.max(WORTH, tuning.blockBytes())), most));
  }

  private static void work(ReadQueue queue, Runnable onThreadStart) {
    onThreadStart.run();
    try {
      for (ReadQueue.Task task = queue.take(); task != null; task = queue.take()) {
        queue.run(task);
        // If a listener interrupted this thread, the next read would close the file.
        Thread.interrupted();
      }
    } catch (InterruptedException e) {
      LOG.log(Level.DEBUG, "interrupted: the thread ends", e);
    }
  }

  /**
   * Makes sure that there is a thread; to be called before memory is allocated for one to fill.
   *
   * @throws LoadException if the system allows none
   */
  public final void ensureThread() throws LoadException {
    threads.startFirst();
  }

  /** {@return the device} */
  public final DeviceContext context() {
    return context;
  }

  /** {@return how to read} */
  public final IoOptions options() {
    return options;
  }

  /** {@return how many reads at a time, and how large} */
  public final ReadTuning tuning() {
    return tuning;
  }

  /** {@return what the session may still allocate for ranges} */
  public final MemoryBudget budget() {
    return budget;
  }

  /** {@return memory for reads that can't go to their place} */
  public final ScratchMemory scratch() {
    return scratch;
  }

  /**
   * Returns the ring of staging buffers of one block each. The first call makes it: from {@link
   * #choose}, before threads of the session take from it.
   *
   * @return the ring; the session closes it
   * @throws LoadException if the device has no stream for it
   */
  public final StagingRing ring() throws LoadException {
    StagingRing known = ring;
    if (known == null) {
      int most = tuning.threads() + 2 * STREAMS;
      known =
          StagingRing.open(
              context, () -> context.allocateStaging(tuning.blockBytes()), most, STREAMS);
      ring = known;
    }
    return known;
  }

  @Override
  public final void close() {
    if (closed) {
      return;
    }
    closed = true;
    queue.close();
    threads.close();
    context.attach();
    scratch.close();
    if (ring != null) {
      ring.close();
    }
    closeShared();
  }
}
