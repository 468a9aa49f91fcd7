// SPDX-License-Identifier: Apache-2.0
package org.example.http;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Reason;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.HostTarget;
import io.fastsafetensors.toolkit.io.LocalFiles;
import io.fastsafetensors.toolkit.io.PathChoice;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import io.fastsafetensors.toolkit.io.ReadSession;
import io.fastsafetensors.toolkit.io.ReadTarget;
import io.fastsafetensors.toolkit.io.ReadTuning;
import io.fastsafetensors.toolkit.io.RingTarget;

/** The files of a load: eight requests at a time, of 8 MiB. */
final class HttpSession extends ReadSession<HttpFile> {
  private final Server server;

  HttpSession(Server server, DeviceContext context, IoOptions options) {
    super(HttpBackend.ID, context, options, ReadTuning.of(options, 8, 8 << 20));
    this.server = server;
  }

  @Override
  protected HttpFile plan(RangePlan plan) throws LoadException {
    LocalFiles.check(HttpBackend.ID, plan.file());
    HttpFile file = new HttpFile(server, plan, () -> {});
    if (options().path() == AccessPath.MAPPED || options().direct() == DirectMode.ON) {
      throw file.unsupported("HTTP copies", null); // IO-121
    }
    return file;
  }

  /** Right into memory that the host sees; elsewhere through staging memory. */
  @Override
  protected Choice choose(RangePlan plan, HttpFile file) throws LoadException {
    long alignment = Math.max(64, options().alignment()); // IO-108
    Rules rules = Rules.builder().alignment(alignment).maxGap(4096).build();
    ReadTarget target =
        context().isHostVisible()
            ? HostTarget.allocate(this, file, plan, rules)
            : RingTarget.allocate(this, file, RangeLayout.of(plan, rules));
    Reason reason =
        Reason.of("path.http", "by HTTP from {server}").with("server", server.toString());
    return Choice.of(target, PathChoice.buffered(reason));
  }

  @Override
  protected void closeShared() {
    server.close();
  }
}
