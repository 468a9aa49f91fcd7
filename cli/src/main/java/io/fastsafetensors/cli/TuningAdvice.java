// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.FileReport;
import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadRecord;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.toolkit.text.Amounts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What stands out about how the bytes were read. */
final class TuningAdvice {
  private static final long SMALL_READ = 512 << 10;
  private static final long FEW_READS = 32;
  private static final long LARGEST_ELEMENT = 8;

  private final LoadReport report;
  private final LoadRecord course;
  private final LoadOptions options;
  private final List<Advice> all = new ArrayList<>();

  private TuningAdvice(LoadReport report, LoadRecord course, LoadOptions options) {
    this.report = report;
    this.course = course;
    this.options = options;
  }

  static List<Advice> of(LoadReport report, LoadRecord course, LoadOptions options) {
    TuningAdvice advice = new TuningAdvice(report, course, options);
    advice.threads();
    advice.blocks();
    advice.alignment();
    return advice.all;
  }

  private void threads() {
    if (options.threads() == 1 && Runtime.getRuntime().availableProcessors() > 1) {
      all.add(
          new Advice(
              Reason.of("advice.one-thread", "one thread read, as asked for"),
              "leave --threads out, or unset FST_LOAD_THREADS or load.threads: fst doctor says where it is set"));
    } else if (Runtime.getRuntime().availableProcessors() == 1) {
      all.add(
          new Advice(
              Reason.of("advice.one-processor", "the JVM may use one processor"),
              "give the process more, as by docker --cpus; see -XX:ActiveProcessorCount"));
    }
  }

  private void blocks() {
    List<LoadEvent> reads =
        course.events().stream()
            .filter(event -> event.kind() == LoadEvent.Kind.READ)
            .filter(event -> event.path().filter(path -> path != TransferPath.MAPPED).isPresent())
            .toList();
    long count = reads.stream().mapToLong(LoadEvent::count).sum();
    long bytes = reads.stream().mapToLong(LoadEvent::bytes).sum();
    if (count < FEW_READS || bytes / count >= SMALL_READ) {
      return;
    }
    Reason small =
        Reason.of("advice.small-blocks", "a read brought {size} on average{why}")
            .with("size", Amounts.bytes(bytes / count));
    boolean isAsked = options.blockBytes() > 0 && options.blockBytes() < SMALL_READ;
    all.add(
        isAsked
            ? new Advice(
                small.with("why", ", since blocks are that small"),
                "leave --block-bytes out, or unset FST_LOAD_BLOCK_BYTES or load.block-bytes: fst doctor says where it is set")
            : new Advice(
                small.with("why", ": what is wanted lies apart, or files are small"),
                "fewer, larger files help; so do whole tensors instead of parts of inner dimensions"));
  }

  private void alignment() {
    boolean isRefused =
        report.files().stream()
            .anyMatch(file -> file.reason().find("mapping.misaligned").isPresent());
    OptionalLong least =
        report.files().stream()
            .map(FileReport::reason)
            .flatMapToLong(reason -> reason.number("alignment").stream())
            .min();
    if (isRefused) {
      all.add(
          new Advice(
              Reason.of(
                  "advice.misaligned-copied",
                  "files were copied instead of mapped, since tensors lie at other places than asked for"),
              "leave --alignment out, or write the files with tensors at such places"));
    } else if (least.isPresent() && least.getAsLong() < LARGEST_ELEMENT) {
      misaligned(report).ifPresent(all::add);
    }
  }

  /** Looks into the files: where they are mapped, tensors are where they lie there. */
  static Optional<Advice> misaligned(LoadReport report) {
    long tensors = report.files().stream().mapToLong(TuningAdvice::misaligned).sum();
    Reason lie =
        Reason.of(
                "advice.misaligned",
                "{tensors} tensors lie in their files at places that are no multiples of their elements' size: where they are mapped, programs read them slower, or copy them first")
            .with("tensors", tensors);
    return tensors == 0
        ? Optional.empty()
        : Optional.of(
            new Advice(
                lie,
                "--alignment 64 copies them to better places; to write the files anew, as by fst convert, mends it"));
  }

  private static long misaligned(FileReport file) {
    try {
      SafetensorsHeader header = SafetensorsHeader.read(file.file());
      return header.tensors().stream()
          .filter(info -> !info.dtype().isSubByte())
          .filter(info -> (header.dataOffset() + info.begin()) % info.dtype().byteSize(1) != 0)
          .count();
    } catch (LoadException e) {
      return 0; // another file by now, or one of a server
    }
  }
}
