// SPDX-License-Identifier: Apache-2.0
package org.example;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;

/** A backend of somebody else's. */
public record ForeignBackend(String id) implements IoBackend {
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
    return Availability.available("foreign");
  }

  @Override
  public IoSession open(DeviceContext context, IoOptions options) {
    throw new UnsupportedOperationException();
  }
}
