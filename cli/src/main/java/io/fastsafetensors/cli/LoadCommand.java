// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Loads files and says how fast and by which way. */
@Command(
    name = "load",
    description = {
      "Loads files and prints how much, how fast and why so.",
      "Under 'fst launch' every rank loads its parts, if options say which; else its share",
      "of the files, and with --touch it then gets every tensor, and the time for that counts.",
      "With --stream every rank gets every tensor, or its parts, within a window of memory."
    })
final class LoadCommand implements Callable<Integer> {
  @Mixin private Output output;
  @Mixin private LoadArguments arguments;

  @Option(
      names = "--touch",
      description = "Read each page of the tensors, so that a mapped load is timed honestly.")
  private boolean touch;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(
      names = "--stream",
      description = "Let go of each tensor when the next comes, so that a window is enough memory.")
  private boolean stream;

  @Mixin private WindowOption window;
  @Mixin private ReportOption report;

  @Option(names = "--pieces", description = "Let large tensors of a stream come in pieces.")
  private boolean pieces;

  @Override
  public Integer call() throws IOException {
    if (!stream && (window.isGiven() || pieces)) {
      throw new IllegalArgumentException("--window and --pieces are for --stream");
    }
    try (LoadRecording recording = report.begin(output)) {
      LoadOutcome outcome = load(recording);
      if (json) {
        Json.printObject(output.out(), outcome::writeTo);
      } else {
        outcome.printTo(output.out());
      }
      recording.succeeded(outcome);
    }
    return ExitCode.OK;
  }

  private LoadOutcome load(LoadRecording recording) throws IOException {
    try (OpenedFiles files = OpenedFiles.open(arguments, recording)) {
      return stream ? stream(files) : load(files);
    } catch (Throwable e) {
      recording.failed(e);
      throw e;
    }
  }

  /** If told to, gets all tensors in the same order on all ranks, and touches them. */
  private LoadOutcome load(OpenedFiles files) throws IOException {
    try (FileBuffer buffer = files.load()) {
      long start = System.nanoTime();
      if (touch) {
        touch(buffer);
      }
      return LoadOutcome.of(buffer.report(), Duration.ofNanos(System.nanoTime() - start));
    }
  }

  private void touch(FileBuffer buffer) throws IOException {
    try (TensorWorkers<Integer> workers = touchers()) {
      for (String name : buffer.keys()) {
        try (Tensor tensor = buffer.tensor(name)) {
          Touch.submit(tensor, buffer.file(name), workers);
          // A view lives as long as the buffer; a copy ends here, so that only one is held.
          if (!tensor.isView()) {
            workers.results();
          }
        }
      }
      workers.results();
    }
  }

  private LoadOutcome stream(OpenedFiles files) throws IOException {
    try (TensorStream all = files.stream(window, pieces);
        TensorWorkers<Integer> workers = touchers()) {
      all.consume(next -> {
        if (touch) {
          Touch.submit(next.tensor(), next.file(), workers);
          workers.results();
        }
      });
      return LoadOutcome.of(all.report(), Duration.ZERO).through(all.window(), all.mostHeld());
    }
  }

  private TensorWorkers<Integer> touchers() {
    return arguments.workers(1024);
  }

  /**
   * Reads a byte of each page of tensors, by all threads: a mapped file is in memory only after
   * that.
   */
  static final class Touch {
    private static final long PAGE = 4096;

    /** Small enough to share one tensor between threads, large enough that a task is worth it. */
    private static final long SLICE = 16 << 20;

    private Touch() {}

    /** Submits the pages of a tensor; the result of a task is of no interest. */
    static void submit(Tensor tensor, Path file, TensorWorkers<Integer> workers)
        throws IOException {
      if (tensor.host().isPresent()) {
        MemorySegment memory = tensor.host().get();
        for (long begin = 0; begin < memory.byteSize(); begin += SLICE) {
          MemorySegment slice = memory.asSlice(begin, Math.min(SLICE, memory.byteSize() - begin));
          workers.submit(file, () -> touch(slice));
        }
      }
    }

    /** The sum keeps the compiler from leaving the reads out. */
    private static int touch(MemorySegment slice) {
      int sum = slice.get(ValueLayout.JAVA_BYTE, slice.byteSize() - 1);
      for (long offset = 0; offset < slice.byteSize(); offset += PAGE) {
        sum += slice.get(ValueLayout.JAVA_BYTE, offset);
      }
      return sum;
    }
  }
}
