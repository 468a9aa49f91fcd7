// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.ProgressListener;
import io.fastsafetensors.cli.Converters.Sizes;
import io.fastsafetensors.cli.Converters.Timeouts;
import io.fastsafetensors.format.LoadException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** The arguments that {@code load} and {@code digest} share: what to load, where to, and how. */
final class LoadArguments {
  @Parameters(
      paramLabel = "PATH",
      description = {
        "Files, indexes or folders; their files are spread over the ranks, if many.",
        "Also URIs, as jar:file:///x.zip!/model.safetensors."
      })
  private List<Path> paths = new ArrayList<>();

  @Mixin private VariantOption variant;

  @Option(
      names = "--rank-files",
      paramLabel = "R=PATH,...",
      description = "Instead of PATH: the files that rank R reads. Repeatable.")
  private List<RankFiles> rankFiles = new ArrayList<>();

  @Mixin private PartArguments parts;

  @Option(
      names = "--device",
      defaultValue = "cpu",
      description = "cpu, or TYPE:INDEX; without an index it is the local rank. Default: cpu.")
  private String device;

  @Option(
      names = "--backend",
      paramLabel = "auto|ID",
      description = "Who reads; auto is the best available.")
  private @Nullable String backend;

  @Option(
      names = "--gds",
      paramLabel = "auto|on|off",
      description = {
        "Whether GPUDirect Storage reads. Default: auto, if it is peer to peer;",
        "on takes its compatibility mode, too, and fails where there is neither."
      })
  private @Nullable String gds;

  @Option(
      names = "--path",
      paramLabel = "auto|mapped|copied",
      description = "How host memory gets the bytes.")
  private @Nullable AccessPath path;

  @Option(
      names = "--direct",
      paramLabel = "auto|on|off",
      description = "Whether reads bypass the page cache.")
  private @Nullable DirectMode direct;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE|GLOB=TYPE|GLOB=asis",
      converter = DtypeOption.Converter.class,
      description = {
        "Convert while loading, to a type of equal or smaller size. TYPE is for F64, F32,",
        "F16 and BF16: integers, packed and 8-bit types stay. GLOB=TYPE is for all tensors",
        "whose names match, integers too; 'asis' leaves them. Repeatable: the first GLOB",
        "that matches counts, then TYPE."
      })
  private List<DtypeOption> dtypes = new ArrayList<>();

  @Option(names = "--threads", description = "How many threads read.")
  private @Nullable Integer threads;

  @Option(
      names = "--block-bytes",
      paramLabel = "SIZE",
      converter = Sizes.class,
      description = "The size of a read, as in 4MiB.")
  private @Nullable Long blockBytes;

  @Option(
      names = "--alignment",
      paramLabel = "SIZE",
      converter = Sizes.class,
      description = "What tensors' addresses are multiples of.")
  private @Nullable Long alignment;

  @Option(
      names = "--memory-budget",
      paramLabel = "SIZE",
      converter = Sizes.class,
      description = "The most device memory that the load may take.")
  private @Nullable Long memoryBudget;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Timeouts.class,
      description = "How long it may take, as in 90s. Default: 1h.")
  private @Nullable Duration timeout;

  @Option(
      names = "--property",
      paramLabel = "ID.NAME=VALUE",
      description = "An option of a backend. Repeatable.")
  private Map<String, String> properties = new HashMap<>();

  /** Returns the options for the library. */
  LoadOptions options(ProgressListener progress) {
    if (paths.isEmpty() == rankFiles.isEmpty()) {
      throw new IllegalArgumentException("give either PATHs or --rank-files");
    }
    return given().progress(progress).build();
  }

  /** Sets what was given, and leaves the rest to settings and defaults. */
  private LoadOptions.Builder given() {
    LoadOptions.Builder builder = LoadOptions.builder();
    set(backend, builder::backend);
    set(path, builder::path);
    set(direct, builder::direct);
    set(threads, builder::threads);
    set(blockBytes, builder::blockBytes);
    set(alignment, builder::alignment);
    set(memoryBudget, builder::memoryBudget);
    set(timeout, builder::timeout);
    set(gds, use -> builder.property("gds", use));
    properties.forEach(builder::property);
    parts.addTo(builder);
    DtypeOption.addTo(
        new DtypeOption.Rules(builder::dtype, builder::dtype, builder::keepDtype), dtypes);
    return builder;
  }

  /** Adds what a rank wants of the tensors; without a word of parts its group gives them out. */
  LoadOptions forRank(LoadOptions options, ProcessGroup group) {
    return parts.isForRanks()
        ? options.toBuilder().selection(parts.selection(group.rank(), group.size())).build()
        : options;
  }

  private static <T> void set(@Nullable T given, Consumer<T> setter) {
    if (given != null) {
      setter.accept(given);
    }
  }

  String device() {
    return device;
  }

  /** Tells a loader what to load. */
  void addTo(Loader loader, LoadOptions options) throws LoadException {
    for (RankFiles files : rankFiles) {
      loader.addFiles(files.rank(), files.files());
    }
    for (Path path : paths) {
      if (options.backend().isPresent() && mayBeServed(path)) {
        loader.addFiles(path);
      } else {
        variant.addTo(loader, path);
      }
    }
  }

  /** A file that isn't here may be where the backend reads: a server, which can't be listed. */
  private static boolean mayBeServed(Path path) {
    return path.toString().endsWith(".safetensors") && Files.notExists(path);
  }

  /** Starts threads for work on loaded tensors: as many as read, if that was said. */
  <T> TensorWorkers<T> workers(int pendingPerThread) {
    LoadOptions options = given().build();
    int count =
        options.threads() > 0 ? options.threads() : Runtime.getRuntime().availableProcessors();
    return new TensorWorkers<>(count, pendingPerThread * count, options.timeout());
  }

  /**
   * The files that one rank reads.
   *
   * @param rank the rank
   * @param files its files
   */
  record RankFiles(int rank, List<Path> files) {
    /** Reads {@code R=PATH,...}. */
    static RankFiles parse(String text, PathArguments paths) {
      int equals = text.indexOf('=');
      if (equals < 0 || !text.substring(0, equals).matches("[0-9]{1,9}")) {
        throw new TypeConversionException(
            "'" + text + "': want RANK=PATH,... as in 0=a.safetensors,b.safetensors");
      }
      return new RankFiles(
          Integer.parseInt(text.substring(0, equals)),
          Arrays.stream(text.substring(equals + 1).split(",")).map(paths::convert).toList());
    }
  }
}
