// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.file.HugePages;
import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.save.FillJobs.Kind;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Writes files beside their places, block by block. Threads gather a block and write it; what comes
 * from sources, or is brought, is gathered by one thread and written by another. A file that is
 * whole is brought to the disk while the others are written. Bytes come from the contents of
 * extents by {@link #fill}, and by {@link #put}, which any thread may call.
 */
public final class FileSave implements AutoCloseable {
  /** How long an end waits for writes under way; what hangs longer is left to a thread. */
  private static final long END_SECONDS = 10;

  private final SaveTuning tuning;
  private final SaveControl control;
  private final SaveThreads threads;
  private final Arena arena;
  private final StagingBlocks blocks;
  private final List<OutputFile> files = new ArrayList<>();
  private final List<Assembly> assemblies = new ArrayList<>();
  private @Nullable Run arriving;

  /**
   * Makes the files.
   *
   * @throws IOException if one can't be made; none is left then
   */
  @SuppressWarnings("MustBeClosedChecker") // closed with this
  public FileSave(List<OutputPlan> plans, SaveTuning tuning, SaveControl control)
      throws IOException {
    this.tuning = tuning;
    this.control = control;
    boolean isAlone = tuning.threads() == 0;
    this.threads = new SaveThreads(isAlone ? 0 : tuning.threads() + tuning.sources(), control);
    this.arena = isAlone ? Arena.ofConfined() : Arena.ofShared();
    this.blocks = new StagingBlocks(tuning, this::allocate, threads::await);
    try {
      for (OutputPlan plan : plans) {
        OutputFile file = OutputFile.make(plan, tuning.direct());
        files.add(file);
        assemblies.add(new Assembly(file, this::allocate));
      }
    } catch (Throwable e) {
      close();
      throw e;
    }
  }

  private MemorySegment allocate(long bytes) {
    return HugePages.allocate(arena, bytes, DirectChannel.MOST_ALIGNMENT);
  }

  /** Returns the files, in the order of their plans. */
  public List<OutputFile> files() {
    return List.copyOf(files);
  }

  /**
   * Writes the contents of all extents but those that are {@linkplain #put brought}.
   *
   * @throws IOException if a content can't be had, or not be written
   */
  public void fill() throws IOException {
    FillJobs jobs = new FillJobs(assemblies, blocks.blockBytes());
    for (int i = 0; i < Math.min(tuning.threads(), jobs.left(Kind.PLACED)); i++) {
      threads.submit(() -> fillNext(jobs, allocate(blocks.blockBytes())));
    }
    for (int i = 0; i < Math.min(tuning.sources(), jobs.left(Kind.PUSHED)); i++) {
      threads.submit(() -> handOver(jobs, Kind.PUSHED));
    }
    failing(() -> {
      handOver(jobs, Kind.CONFINED);
      if (tuning.sources() == 0) {
        handOver(jobs, Kind.PUSHED);
      }
      if (tuning.threads() == 0) {
        handOver(jobs, Kind.PLACED);
      }
    });
  }

  /** Writes a block and lets others have a turn: threads also write what is handed over. */
  private void fillNext(FillJobs jobs, MemorySegment block) throws IOException {
    FillJob job = jobs.next(Kind.PLACED);
    if (job != null) {
      MemorySegment straight = Filler.straight(job);
      MemorySegment bytes = straight == null ? Filler.gather(job, block) : straight;
      if (job.areRows()) {
        writeRows(job.assembly(), job.rows(), job.from(), bytes);
      } else {
        job.assembly().put(job.from(), bytes, this::write, () -> {});
      }
      threads.submit(() -> fillNext(jobs, block));
    }
  }

  private void handOver(FillJobs jobs, Kind kind) throws IOException {
    for (FillJob job = jobs.next(kind); job != null; job = jobs.next(kind)) {
      threads.check();
      if (kind == Kind.PUSHED) {
        Filler.push(job, new Run(job.assembly(), blocks, this::writeLater));
      } else {
        handOver(job, blocks.take());
      }
    }
  }

  private void handOver(FillJob job, MemorySegment block) throws IOException {
    MemorySegment bytes = Filler.gather(job, block);
    if (job.areRows()) {
      writeRowsLater(job.assembly(), job.rows(), job.from(), bytes, block);
    } else {
      job.assembly().put(job.from(), bytes, this::writeLater, () -> blocks.give(block));
    }
  }

  /** Does a part of the save; throws its first failure, whichever part has it. */
  private void failing(SaveThreads.Work work) throws IOException {
    try {
      work.run();
    } catch (SaveEndedException e) {
      threads.rethrow();
      throw e;
    } catch (Throwable e) {
      threads.fail(e);
      threads.rethrow();
      throw e;
    }
  }

  /**
   * Writes bytes to their place, each byte once.
   *
   * @param file which of the files
   * @param extent where all the bytes go that come as these do
   * @param from the first of them, counted in the extent's bytes
   * @param content the bytes, of which none is touched after this returns
   * @param offset where they start in it
   * @param count how many there are
   * @throws IOException if the bytes can't be had, or the save has failed
   */
  public void put(
      int file, Extent extent, long from, Content.Placed content, long offset, long count)
      throws IOException {
    failing(() -> {
      threads.check();
      if (extent.isRun()) {
        putRun(file, extent.position() + from, content, offset, count);
      } else {
        putRows(assemblies.get(file), extent, from, content, offset, count);
      }
    });
  }

  private synchronized void putRun(
      int file, long position, Content.Placed content, long offset, long count) throws IOException {
    run(file).put(position, content, offset, count);
  }

  /** Hands rows over by the block, which holds nobody up who brings others. */
  private void putRows(
      Assembly file, Extent extent, long from, Content.Placed content, long offset, long count)
      throws IOException {
    for (long done = 0; done < count; done += blocks.blockBytes()) {
      MemorySegment block = blocks.take();
      MemorySegment bytes = block.asSlice(0, Math.min(block.byteSize(), count - done));
      content.read(offset + done, bytes);
      writeRowsLater(file, extent, from + done, bytes, block);
    }
  }

  private void writeRowsLater(
      Assembly file, Extent extent, long from, MemorySegment bytes, MemorySegment block)
      throws IOException {
    threads.awaitRoom();
    threads.submit(() -> {
      writeRows(file, extent, from, bytes);
      blocks.give(block);
    });
  }

  /**
   * Writes rows that are side by side in memory; they count together, as they may be short.
   *
   * @param from where they start, counted in the extent's bytes
   */
  private void writeRows(Assembly assembly, Extent extent, long from, MemorySegment bytes)
      throws IOException {
    OutputFile file = assembly.file();
    AtomicLong count = new AtomicLong();
    Assembly.Writing writing =
        (_, position, some, done) -> {
          file.writeInTurn(position, some);
          count.addAndGet(some.byteSize());
          done.run();
        };
    SaveThreads.Work writeAll =
        () ->
            extent.runs(
                from,
                from + bytes.byteSize(),
                (position, at, size) ->
                    assembly.put(position, bytes.asSlice(at - from, size), writing, () -> {}));
    naming(file, () -> file.writeRows(extent.rowBytes(), writeAll));
    written(file, count.get());
  }

  private Run run(int file) throws IOException {
    Run run = arriving;
    if (run == null || run.assembly() != assemblies.get(file)) {
      flushArriving();
      run = new Run(assemblies.get(file), blocks, this::writeLater);
      arriving = run;
    }
    return run;
  }

  private void flushArriving() throws IOException {
    Run run = arriving;
    if (run != null) {
      arriving = null;
      run.flush();
    }
  }

  private void write(OutputFile file, long position, MemorySegment bytes, Runnable done)
      throws IOException {
    naming(file, () -> file.writeInTurn(position, bytes));
    done.run();
    written(file, bytes.byteSize());
  }

  /** Says which of several files it is that can't be written. */
  private void naming(OutputFile file, SaveThreads.Work work) throws IOException {
    try {
      work.run();
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      if (files.size() == 1) {
        throw e;
      }
      throw new IOException(file.plan().path().getFileName() + ": " + IoReason.of(e), e);
    }
  }

  private void writeLater(OutputFile file, long position, MemorySegment bytes, Runnable done)
      throws IOException {
    threads.awaitRoom();
    threads.submit(() -> write(file, position, bytes, done));
  }

  private void written(OutputFile file, long bytes) {
    if (bytes == 0) {
      return;
    }
    control.written(bytes);
    if (file.isLast(bytes)) {
      threads.submit(() -> naming(file, file::finish));
    }
  }

  /**
   * Waits until all files are on the disk.
   *
   * @throws IOException if bytes can't be written
   */
  public void finish() throws IOException {
    failing(() -> {
      synchronized (this) {
        flushArriving();
      }
      threads.awaitAll();
    });
  }

  /** Ends the save; files that were not given their names are deleted. */
  @Override
  public void close() {
    end(() -> {});
  }

  /**
   * Ends the save as {@link #close} does.
   *
   * @param after is run once no thread touches the contents any more
   */
  public void end(Runnable after) {
    threads.fail(new IOException("the save is closed"));
    if (threads.end(END_SECONDS)) {
      free(after);
    } else {
      Thread.ofPlatform()
          .daemon()
          .name("fastsafetensors-save-end")
          .start(() -> {
            while (!threads.end(END_SECONDS)) {}
            free(after);
          });
    }
  }

  private void free(Runnable after) {
    for (OutputFile file : files) {
      try {
        file.close();
      } catch (IOException | RuntimeException e) {
        System.getLogger(FileSave.class.getName())
            .log(Level.WARNING, "can't end the file " + file.path() + ": " + e.getMessage(), e);
      }
    }
    arena.close();
    after.run();
  }
}
