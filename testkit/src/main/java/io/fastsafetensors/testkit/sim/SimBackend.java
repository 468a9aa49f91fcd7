// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Reason;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.toolkit.io.ChannelFile;
import io.fastsafetensors.toolkit.io.PathChoice;
import io.fastsafetensors.toolkit.io.RangeLayout;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import io.fastsafetensors.toolkit.io.ReadSession;
import io.fastsafetensors.toolkit.io.ReadTuning;
import io.fastsafetensors.toolkit.io.RingTarget;

/**
 * A small backend for simulated devices: one thread reads files into staging buffers, which the
 * device copies from.
 *
 * <p>It shows what a reader is on top of {@link ReadSession}, for memory that the host can't see.
 *
 * @since 0.1
 */
public final class SimBackend implements IoBackend {
  /** The id. */
  public static final String ID = "sim";

  private static final long BLOCK = 256 << 10;
  private static final long LEAST_ALIGNMENT = 16;
  private static final Reason STAGED = Reason.of("path.staged", "through staging memory");

  /** Makes the backend. */
  public SimBackend() {}

  @Override
  public String id() {
    return ID;
  }

  @Override
  public int spiVersion() {
    return SPI_VERSION;
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public Availability probe(Device device) {
    return device.type().equals(SimRuntime.TYPE)
        ? Availability.available("one thread, staging buffers", Capability.COPIED)
        : Availability.unavailable("reads into simulated devices only: ask for sim:0");
  }

  @Override
  public IoSession open(DeviceContext context, IoOptions options) {
    return new Session(context, options);
  }

  private final class Session extends ReadSession<ChannelFile> {
    private final Rules rules;

    Session(DeviceContext context, IoOptions options) {
      super(ID, context, options, ReadTuning.of(options, 1, BLOCK));
      long alignment = Math.max(LEAST_ALIGNMENT, options.alignment());
      this.rules = Rules.builder().alignment(alignment).build();
    }

    @Override
    protected ChannelFile plan(RangePlan plan) throws LoadException {
      ChannelFile file = new ChannelFile(ID, plan, SimBackend.this::channel);
      if (options().path() == AccessPath.MAPPED || options().direct() == DirectMode.ON) {
        throw file.unsupported("copies through the page cache, nothing else", null);
      }
      return file;
    }

    @Override
    protected Choice choose(RangePlan plan, ChannelFile file) throws LoadException {
      RingTarget target = RingTarget.allocate(this, file, RangeLayout.of(plan, rules));
      return Choice.of(target, PathChoice.buffered(STAGED));
    }
  }
}
