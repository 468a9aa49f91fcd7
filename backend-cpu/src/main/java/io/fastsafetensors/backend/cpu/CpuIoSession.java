// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Reason;
import io.fastsafetensors.backend.cpu.MappedRanges.Outcome;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.ChannelFile;
import io.fastsafetensors.toolkit.io.HostTarget;
import io.fastsafetensors.toolkit.io.PathChoice;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import io.fastsafetensors.toolkit.io.ReadSession;
import io.fastsafetensors.toolkit.io.ReadTuning;

/** Maps each file, or copies it. */
final class CpuIoSession extends ReadSession<ChannelFile> {
  /** More threads than this only wait for each other, on one disk. */
  private static final int MOST_THREADS = 8;

  private static final long BLOCK = 4 << 20;

  /** A new cache line, and what vectors of 64 bytes want. */
  private static final long LINE = 64;

  /** From this size on, a range out of line gets a read of its own: it costs next to nothing. */
  private static final long LINE_FROM = 64 << 10;

  /** Storage brings a page anyway. */
  private static final long MAX_GAP = 4 << 10;

  private static final Reason NOTHING = Reason.of("path.none", "nothing to read");
  private static final Reason ASKED_FOR = Reason.of("path.copied", "copied: asked for");
  private static final Reason TO_BE_WRITTEN =
      Reason.of("path.copied", "copied: to be written, which the JDK's mappings are not");
  private static final Reason NOT_PRIVATE =
      Reason.of(
          "mapping.not-private",
          "can't be mapped to be written: the JDK does that only with a file that is open for"
              + " writing; use the backend posix, or path AUTO or COPIED");
  private static final Reason NOT_DIRECT =
      Reason.of(
          "direct.unsupported",
          "reads past the page cache need the backend posix, or direct AUTO or OFF");

  private final CpuIoBackend backend;

  CpuIoSession(CpuIoBackend backend, DeviceContext context, IoOptions options) {
    super(CpuIoBackend.ID, context, options, tuning(options));
    this.backend = backend;
  }

  private static ReadTuning tuning(IoOptions options) {
    int processors = Runtime.getRuntime().availableProcessors();
    return ReadTuning.of(options, Math.clamp(processors, 2, MOST_THREADS), BLOCK);
  }

  @Override
  protected ChannelFile plan(RangePlan plan) throws LoadException {
    ChannelFile file = new ChannelFile(CpuIoBackend.ID, plan, backend::channel);
    if (options().direct() == DirectMode.ON) {
      throw file.unsupported(NOT_DIRECT, null);
    }
    return file;
  }

  @Override
  protected Choice choose(RangePlan plan, ChannelFile file) throws LoadException {
    if (plan.bytes() == 0) {
      return copied(plan, file, NOTHING);
    }
    if (options().path() == AccessPath.COPIED) {
      return copied(plan, file, ASKED_FOR);
    }
    if (options().writable()) {
      return writable(plan, file);
    }
    options().monitor().checkpoint();
    return switch (MappedRanges.map(file, plan, options().alignment())) {
      case Outcome.Mapped(MappedRanges target) ->
          Choice.of(target, PathChoice.buffered(MappedRanges.REASON));
      case Outcome.Refused(Reason why, boolean byFileSystem, Exception cause) -> {
        if (byFileSystem && options().path() == AccessPath.MAPPED) {
          throw file.unsupported(why, cause);
        }
        Reason copied = Reason.of("path.copied", "copied: the file {why}").with("why", why);
        yield copied(plan, file, copied);
      }
    };
  }

  private Choice writable(RangePlan plan, ChannelFile file) throws LoadException {
    if (options().path() == AccessPath.MAPPED) {
      throw file.unsupported(NOT_PRIVATE, null);
    }
    return copied(plan, file, TO_BE_WRITTEN);
  }

  private Choice copied(RangePlan plan, ChannelFile file, Reason reason) throws LoadException {
    long alignment = options().alignment();
    Rules rules =
        alignment == 0
            ? Rules.builder().alignment(LINE).alignFrom(LINE_FROM).maxGap(MAX_GAP).build()
            : Rules.builder().alignment(alignment).maxGap(MAX_GAP).build();
    return Choice.of(HostTarget.allocate(this, file, plan, rules), PathChoice.buffered(reason));
  }
}
