// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;

/**
 * A small backend for simulated devices: one thread reads through two staging buffers.
 *
 * <p>It shows the SPI on memory that the host can't see, and is a model for such backends; it does
 * not try to be fast.
 *
 * @since 0.1
 */
public final class SimBackend implements IoBackend {
  /** The id. */
  public static final String ID = "sim";

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
        ? Availability.available("one thread, two staging buffers", Capability.COPIED)
        : Availability.unavailable("reads into simulated devices only: ask for sim:0");
  }

  @Override
  public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
    return new SimSession(context, options);
  }
}
