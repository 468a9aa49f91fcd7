// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.save.FillJobs.FillJob;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes files beside their places, block by block. Some threads gather blocks, others write them;
 * what is whole is brought to the disk while the rest is written. Bytes come from the contents of
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
    boolean isAlone = tuning.writers() == 0;
    this.threads = new SaveThreads(isAlone ? 0 : tuning.fillers() - 1 + tuning.writers(), control);
    this.arena = isAlone ? Arena.ofConfined() : Arena.ofShared();
    this.blocks = new StagingBlocks(tuning, this::allocate, threads::await);
    try {
      for (OutputPlan plan : plans) {
        OutputFile file = OutputFile.make(plan, tuning.direct());
        files.add(file);
        assemblies.add(new Assembly(file, this::write, this::allocate));
      }
    } catch (Throwable e) {
      close();
      throw e;
    }
  }

  private MemorySegment allocate(long bytes) {
    return arena.allocate(bytes, DirectChannel.MOST_ALIGNMENT);
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
    Filler filler = new Filler(blocks);
    for (int i = 1; i < Math.min(tuning.fillers(), jobs.shared()); i++) {
      threads.submit(() -> fill(filler, jobs, false));
    }
    failing(() -> fill(filler, jobs, true));
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

  private void fill(Filler filler, FillJobs jobs, boolean isCaller) throws IOException {
    for (FillJob job = jobs.next(isCaller); job != null; job = jobs.next(isCaller)) {
      threads.check();
      filler.fill(job);
    }
  }

  /**
   * Writes bytes to their place, each byte once.
   *
   * @param file which of the files
   * @param position where in the file
   * @param content the bytes, of which none is touched after this returns
   * @param count how many there are
   * @throws IOException if the bytes can't be had, or the save has failed
   */
  public synchronized void put(int file, long position, Content.Placed content, long count)
      throws IOException {
    failing(() -> {
      threads.check();
      run(file).put(position, content, 0, count);
    });
  }

  private Run run(int file) throws IOException {
    Run run = arriving;
    if (run == null || run.assembly() != assemblies.get(file)) {
      flushArriving();
      run = new Run(assemblies.get(file), blocks);
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
    long count = bytes.byteSize();
    if (count % file.alignment() != 0) {
      file.writeLast(position, bytes);
      written(file, count);
      return;
    }
    threads.awaitRoom();
    threads.submit(() -> {
      file.write(position, bytes);
      done.run();
      written(file, count);
    });
  }

  private void written(OutputFile file, long bytes) {
    control.written(bytes);
    if (file.isLast(bytes)) {
      threads.submit(file::finish);
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
