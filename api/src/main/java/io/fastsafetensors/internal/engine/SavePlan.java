// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.ConversionReport;
import io.fastsafetensors.Reason;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.format.FormatRule;
import io.fastsafetensors.format.HeaderFormatException;
import io.fastsafetensors.internal.checkpoint.SaveFolder;
import io.fastsafetensors.internal.checkpoint.SavePlace;
import io.fastsafetensors.internal.checkpoint.ShardSplit;
import io.fastsafetensors.internal.save.Extent;
import io.fastsafetensors.internal.save.FileLayout;
import io.fastsafetensors.internal.save.OutputFile;
import io.fastsafetensors.internal.save.OutputPlan;
import io.fastsafetensors.internal.save.SaveTuning;
import io.fastsafetensors.internal.save.SavedTensor;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.internal.text.Utf8;
import io.fastsafetensors.spi.Deadline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a save writes where, and how; holds the tensors until it is released. */
final class SavePlan {
  private static final long MOST_HEADER_BYTES = 100_000_000;

  /** From which size on writes past the page cache are worth it, in bytes. */
  private static final long LEAST_DIRECT = 64L << 20;

  /** How many blocks are gathered and written at a time. */
  private static final int THREADS = 8;

  /** How many sources are asked at a time. */
  private static final int MOST_SOURCES = 4;

  private final long start = System.nanoTime();
  private final List<AgreedTensor> tensors;
  private final Path target;
  private final SaveOptions options;
  private final Deadline deadline;
  private final SaveTypes types;
  private final List<TensorContent> held = new ArrayList<>();
  private final Map<String, DeclaredTensor> declared = new HashMap<>();
  private final List<FileLayout> layouts;
  private Set<Path> replaced = Set.of();

  private SavePlan(List<AgreedTensor> tensors, Path target, SaveOptions options)
      throws HeaderFormatException {
    this.tensors = tensors;
    this.target = target;
    this.options = options;
    this.deadline = Deadline.after(options.timeout());
    this.types = SaveTypes.of(options, tensors.stream().map(AgreedTensor::spec).toList());
    try {
      this.layouts = layOut();
    } catch (Throwable e) {
      release();
      throw e;
    }
  }

  /**
   * Plans a save, and holds its tensors.
   *
   * @throws HeaderFormatException if a file would have too long a header
   */
  static SavePlan of(List<AgreedTensor> tensors, Path target, SaveOptions options)
      throws HeaderFormatException {
    return new SavePlan(tensors, target, options);
  }

  private List<FileLayout> layOut() throws HeaderFormatException {
    Map<String, AgreedTensor> byName = new HashMap<>();
    List<SavedTensor> saved = new ArrayList<>(tensors.size());
    for (AgreedTensor tensor : tensors) {
      byName.put(tensor.spec().name(), tensor);
      saved.add(tensor.saved(types.type(tensor.spec()), held));
    }
    Map<String, String> metadata = new TreeMap<>(Utf8.ORDER);
    metadata.putAll(options.metadata());
    List<FileLayout> files = new ArrayList<>();
    for (List<SavedTensor> shard : ShardSplit.of(saved, options.maxShardBytes())) {
      FileLayout file = FileLayout.of(shard, metadata);
      checkHeader(file);
      findDeclared(file, files.size(), byName);
      files.add(file);
    }
    return files;
  }

  private void checkHeader(FileLayout file) throws HeaderFormatException {
    if (file.headerLength() > MOST_HEADER_BYTES) {
      throw new HeaderFormatException(
          FormatRule.HEADER_TOO_LARGE,
          target,
          null,
          0,
          "a header of %s bytes, at most 100,000,000 are allowed: save smaller shards"
              .formatted(file.headerLength()));
    }
  }

  private void findDeclared(FileLayout file, int number, Map<String, AgreedTensor> byName) {
    long start = file.header().byteSize();
    for (SavedTensor tensor : file.tensors()) {
      AgreedTensor agreed = byName.get(tensor.name());
      AddedPart part = agreed == null ? null : agreed.declared();
      if (agreed != null && part != null) {
        List<Extent> extents = FileLayout.placed(tensor, "", start).toList();
        TensorSpec spec = agreed.spec();
        declared.put(
            spec.name(), new DeclaredTensor(spec, part, types.type(spec), number, extents));
      }
      start += tensor.bytes();
    }
  }

  long start() {
    return start;
  }

  Path target() {
    return target;
  }

  List<FileLayout> layouts() {
    return layouts;
  }

  /** Returns how many bytes of tensors this rank writes. */
  long bytes() {
    return layouts.stream()
        .flatMap(file -> file.tensors().stream())
        .mapToLong(SavedTensor::ownBytes)
        .sum();
  }

  private long fileBytes() {
    return layouts.stream().mapToLong(FileLayout::bytes).sum();
  }

  List<ConversionReport> conversions() {
    return types.report(
        tensors.stream()
            .filter(tensor -> !tensor.written().isEmpty())
            .map(AgreedTensor::spec)
            .toList());
  }

  /**
   * Makes what ends the save, and hears of all that this rank writes.
   *
   * @param hasHeaders whether it also writes the headers
   */
  SaveSignal signal(boolean hasHeaders) {
    long headers =
        hasHeaders ? layouts.stream().mapToLong(file -> file.header().byteSize()).sum() : 0;
    return new SaveSignal(options, deadline, bytes() + headers);
  }

  /**
   * Plans the files, once their folder is known.
   *
   * @throws IllegalArgumentException if a tensor is mapped from one of those that are replaced
   */
  List<OutputPlan> files(SaveFolder folder) throws IOException {
    replaced = real(folder.replaced(layouts.size()));
    for (TensorContent tensor : held) {
      Path file = tensor.mappedFile();
      if (file != null) {
        checkSource(file);
      }
    }
    if (folder instanceof SavePlace place) {
      place.check(layouts, fileBytes());
    }
    return folder.plan(layouts);
  }

  private static Set<Path> real(Set<Path> files) throws IOException {
    Set<Path> real = new HashSet<>();
    for (Path file : files) {
      if (Files.exists(file)) {
        real.add(file.toRealPath());
      }
    }
    return real;
  }

  /**
   * Checks that a file isn't one that the save replaces.
   *
   * @throws IllegalArgumentException if it is
   */
  void checkSource(Path file) throws IOException {
    if (!replaced.isEmpty() && Files.exists(file) && replaced.contains(file.toRealPath())) {
      throw new IllegalArgumentException(
          ("can't save to %s: %s is a file that tensors come from, and would be replaced: save to"
                  + " another folder, or load it with path COPIED")
              .formatted(target, file));
    }
  }

  SaveTuning tuning() {
    int threads = options.threads() == 0 ? THREADS : options.threads();
    int sources = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, MOST_SOURCES);
    return new SaveTuning(
        threads, Math.min(threads, sources), options.memory(), whyBuffered() == null);
  }

  /** Returns why files are written through the page cache, whatever their file system can. */
  private @Nullable String whyBuffered() {
    return switch (options.direct()) {
      case ON -> null;
      case OFF -> "direct is OFF";
      case AUTO -> {
        if (fileBytes() < LEAST_DIRECT) {
          yield "less than " + LEAST_DIRECT + " bytes";
        }
        boolean areTiny = declared.size() * SaveTuning.ALIGNMENT > options.memory() / 4;
        yield areTiny ? "many small tensors come in any order" : null;
      }
    };
  }

  /** Says how a file was written. */
  Reason way(OutputFile file) {
    String asked = whyBuffered();
    String why = asked == null ? file.whyBuffered() : asked;
    return why == null
        ? Reason.of("save.direct", "past the page cache")
        : Reason.of("save.buffered", "through the page cache: {why}").with("why", why);
  }

  /**
   * Returns a tensor whose bytes are brought.
   *
   * @throws IllegalArgumentException if none was declared under this name
   */
  DeclaredTensor declared(String name) {
    DeclaredTensor tensor = declared.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "tensor " + Printable.quote(name) + " was not declared before the save began");
    }
    return tensor;
  }

  /** Checks that all bytes have come that were to be brought. */
  void checkComplete() throws IOException {
    for (DeclaredTensor tensor : declared.values()) {
      if (tensor.missing() > 0) {
        throw new IOException(
            "tensor %s was declared, and %s bytes of it were not put"
                .formatted(tensor, tensor.missing()));
      }
    }
  }

  /** Lets go of the tensors. */
  void release() {
    Cleanup.each(held, TensorContent::close);
  }
}
