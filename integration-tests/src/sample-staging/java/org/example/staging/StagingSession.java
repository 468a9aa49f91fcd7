// SPDX-License-Identifier: Apache-2.0
package org.example.staging;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Reason;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.LocalFiles;
import io.fastsafetensors.toolkit.io.PathChoice;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import io.fastsafetensors.toolkit.io.ReadSession;
import io.fastsafetensors.toolkit.io.ReadTuning;
import io.fastsafetensors.toolkit.io.RingTarget;

/** The files of a load: three reads at a time, each into a staging buffer of 1 MiB. */
final class StagingSession extends ReadSession<StripedFile> {
  private static final Reason STAGED = Reason.of("path.staged", "through staging memory");

  StagingSession(DeviceContext context, IoOptions options) {
    super(StagingBackend.ID, context, options, ReadTuning.of(options, 3, 1 << 20));
  }

  @Override
  protected StripedFile plan(RangePlan plan) throws LoadException {
    LocalFiles.check(StagingBackend.ID, plan.file()); // IO-109
    StripedFile file = new StripedFile(plan);
    if (options().path() == AccessPath.MAPPED || options().direct() == DirectMode.ON) {
      throw file.unsupported("copies through the page cache, nothing else", null); // IO-121
    }
    return file;
  }

  @Override
  protected Choice choose(RangePlan plan, StripedFile file) throws LoadException {
    long alignment = Math.max(256, options().alignment()); // IO-108
    Rules rules = Rules.builder().alignment(alignment).maxGap(64 << 10).build();
    RingTarget target = RingTarget.allocate(this, file, RangeLayout.of(plan, rules));
    return Choice.of(target, PathChoice.buffered(STAGED));
  }
}
