// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadRecord;
import io.fastsafetensors.LoadRecorder;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Loader;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.TensorInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A load that was measured: of all, or of as much as comes in a few seconds.
 *
 * @param rate how fast
 * @param course what was done when
 * @param report what it did; of all, or of a sample that was loaded after it
 */
record MeasuredLoad(Rate rate, LoadRecord course, LoadReport report) {
  private static final String CUT_OFF = "cut off";
  private static final Duration SAMPLE = Duration.ofSeconds(2);

  /** How much longer a stream may take than it is to be passed through. */
  private static final int PATIENCE = 2;

  /** Loads into memory of its own. What takes longer than the limit is cut off, and sampled. */
  static MeasuredLoad whole(Path path, String name, Duration limit) throws LoadException {
    LoadRecorder recorder = new LoadRecorder();
    try (Loader loader = open(path, recorder);
        FileBuffer buffer = loader.load(options(limit))) {
      LoadRecord course = recorder.record();
      return new MeasuredLoad(rate(name, course, ""), course, buffer.report());
    } catch (LoadCancelledException e) {
      LoadRecord course = recorder.record();
      LoadReport sample = streamed(path, name, SAMPLE, true).report;
      return new MeasuredLoad(rate(name, course, CUT_OFF), course, sample);
    }
  }

  /**
   * Streams for as long as the limit says.
   *
   * @param fromEnd whether the last tensors come first: those that a load before this has not read
   */
  static MeasuredLoad streamed(Path path, String name, Duration limit, boolean fromEnd)
      throws LoadException {
    LoadRecorder recorder = new LoadRecorder();
    try (Loader loader = open(path, recorder);
        TensorStream stream = loader.stream(streaming(loader, limit, fromEnd))) {
      String detail = pass(stream, limit) ? "" : CUT_OFF;
      LoadRecord course = recorder.record();
      return new MeasuredLoad(rate(name, course, detail), course, stream.report());
    }
  }

  private static Loader open(Path path, LoadRecorder recorder) throws LoadException {
    return Loader.builder().listener(recorder).open(path);
  }

  static LoadOptions options(Duration limit) {
    return LoadOptions.builder().path(AccessPath.COPIED).timeout(limit).build();
  }

  private static StreamOptions streaming(Loader loader, Duration limit, boolean fromEnd)
      throws LoadException {
    StreamOptions.Builder options =
        StreamOptions.builder().load(options(limit.multipliedBy(PATIENCE))).pieces(true);
    if (fromEnd) {
      List<String> names = loader.tensors().stream().map(TensorInfo::name).toList();
      options.order(names.reversed());
    }
    return options.build();
  }

  /** Takes tensors until the limit; tells whether it came to the end. */
  private static boolean pass(TensorStream stream, Duration limit) throws LoadException {
    long end = System.nanoTime() + limit.toNanos();
    try {
      Optional<StreamedTensor> next = stream.next();
      while (next.isPresent()) {
        next.get().close();
        if (System.nanoTime() - end > 0) {
          return false;
        }
        next = stream.next();
      }
      return true;
    } catch (LoadCancelledException e) {
      return false; // storage gives next to nothing
    }
  }

  private static Rate rate(String name, LoadRecord course, String detail) {
    return new Rate(name, bytes(course, false), course.elapsed().toNanos() / 1e9, detail);
  }

  private static long bytes(LoadRecord course, boolean fromStorage) {
    return course.events().stream()
        .filter(event -> event.path().filter(way -> !fromStorage || way.isOfStorage()).isPresent())
        .mapToLong(LoadEvent::bytes)
        .sum();
  }

  /** Tells whether all came. */
  boolean isWhole() {
    return rate.detail().isEmpty();
  }

  /** Returns the share of the bytes that came from storage. */
  double ofStorage() {
    long storage = isWhole() ? report.storageBytes() : bytes(course, true);
    return (double) storage / Math.max(1, bytes(course, false));
  }
}
