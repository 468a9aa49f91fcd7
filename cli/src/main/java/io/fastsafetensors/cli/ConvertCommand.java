// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.CheckpointSave;
import io.fastsafetensors.CheckpointWriter;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.SaveReport;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.cli.Converters.Sizes;
import io.fastsafetensors.cli.Converters.Timeouts;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Streams checkpoints into a new one. */
@Command(
    name = "convert",
    description = {
      "Writes a new checkpoint of tensors of others, in constant memory.",
      "DST is a folder, or a file that ends with .safetensors; what it had is replaced when",
      "the new one is whole on the disk. Only weights are written: other files, such as",
      "config.json, are not copied. Metadata is that of the sources."
    })
final class ConvertCommand implements Callable<Integer> {
  @Mixin private Output output;

  @Parameters(
      arity = "2..*",
      paramLabel = "SRC... DST",
      description = {
        "Files, indexes or folders, whose names differ; then where the new checkpoint goes."
      })
  private List<Path> paths = new ArrayList<>();

  @Mixin private VariantOption variant;

  @Option(
      names = "--select",
      paramLabel = "GLOB",
      description = "Take only tensors whose names match. Repeatable; each must match some.")
  private List<String> selected = new ArrayList<>();

  @Option(
      names = "--exclude",
      paramLabel = "GLOB",
      description = "Leave out tensors whose names match. Repeatable; each must match some.")
  private List<String> excluded = new ArrayList<>();

  @Option(
      names = "--rename",
      paramLabel = "REGEX=NAME",
      converter = NameChange.Converter.class,
      description = {
        "Replace what a regular expression finds in names, as in '^model\\.=' or",
        "'h\\.(\\d+)=layers.$1'. Repeatable, one after the other; each must change some."
      })
  private List<NameChange> renames = new ArrayList<>();

  @Option(
      names = "--dtype",
      paramLabel = "TYPE|GLOB=TYPE|GLOB=asis",
      converter = DtypeOption.Converter.class,
      description = {
        "Convert, also to a larger type. TYPE is for F64, F32, F16 and BF16: integers, packed",
        "and 8-bit types stay. GLOB=TYPE is for all tensors whose new names match, integers",
        "too; 'asis' leaves them. Repeatable: the first GLOB that matches counts, then TYPE."
      })
  private List<DtypeOption> dtypes = new ArrayList<>();

  @Option(
      names = "--max-shard-size",
      paramLabel = "SIZE",
      converter = Sizes.class,
      description = "The most bytes of tensors in a file, as in 2GiB. Default: 5GB.")
  private @Nullable Long maxShardBytes;

  @Option(names = "--merge", description = "Write one file, whatever its size.")
  private boolean merge;

  @Option(
      names = "--metadata",
      paramLabel = "KEY=VALUE",
      description = {
        "Set an entry of the metadata. Repeatable. Needed where sources have different values."
      })
  private Map<String, String> metadata = new LinkedHashMap<>();

  @Mixin private WindowOption window;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Timeouts.class,
      description = "How long it may take, as in 90s. Default: 1h.")
  private @Nullable Duration timeout;

  @Option(
      names = "--verify",
      description = "Read sources and result again, and compare a hash of each tensor.")
  private boolean verify;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  @SuppressWarnings("try") // the bar ends before what is printed
  public Integer call() throws IOException {
    if (merge && maxShardBytes != null) {
      throw output.misuse("--merge is for one file: give either that or --max-shard-size");
    }
    Path target = paths.getLast();
    try (Progress progress = Progress.onTerminal("convert");
        Loader loader = Loader.builder().build()) {
      for (Path source : paths.subList(0, paths.size() - 1)) {
        variant.addTo(loader, source);
      }
      RenamedTensors tensors = RenamedTensors.of(loader, selected, excluded, renames);
      SaveReport report = save(loader, tensors, target, options(loader, progress));
      progress.close();
      if (verify) {
        new SavedTensors(loader, tensors, stream(tensors)).compare(saved(report));
      }
      print(report, target);
    }
    return ExitCode.OK;
  }

  private SaveOptions options(Loader loader, Progress progress) throws IOException {
    SaveOptions.Builder options = SaveOptions.builder().progress(progress);
    options.metadata(CommonMetadata.of(loader.files(), metadata));
    DtypeOption.addTo(
        new DtypeOption.Rules(options::dtype, options::dtype, options::keepDtype), dtypes);
    if (merge) {
      options.maxShardBytes(Long.MAX_VALUE);
    } else if (maxShardBytes != null) {
      options.maxShardBytes(maxShardBytes);
    }
    return options.timeout(loadOptions().timeout()).build();
  }

  private LoadOptions loadOptions() {
    LoadOptions.Builder options = LoadOptions.builder();
    if (timeout != null) {
      options.timeout(timeout);
    }
    return options.build();
  }

  private StreamOptions stream(RenamedTensors tensors) {
    LoadOptions load = loadOptions().toBuilder().selection(tensors.selection()).build();
    return window.options(load).pieces(true).build();
  }

  private SaveReport save(Loader loader, RenamedTensors tensors, Path target, SaveOptions options)
      throws IOException {
    CheckpointWriter writer = CheckpointWriter.create();
    tensors.declareTo(writer);
    try (CheckpointSave save = writer.begin(target, options);
        TensorStream stream = loader.stream(stream(tensors))) {
      stream.consume(piece -> save.put(tensors.newName(piece.name()), piece));
      return save.finish();
    }
  }

  /** Returns what a reader is to be given: the index, or the one file. */
  private static Path saved(SaveReport report) {
    return report.index().orElseGet(() -> report.files().getFirst().file());
  }

  private void print(SaveReport report, Path target) throws IOException {
    SaveDescription description = new SaveDescription(target, report, verify);
    if (json) {
      Json.printObject(output.out(), description::writeTo);
    } else {
      description.printTo(output.out());
    }
  }
}
