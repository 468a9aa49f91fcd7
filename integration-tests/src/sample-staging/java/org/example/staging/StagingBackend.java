// SPDX-License-Identifier: Apache-2.0
package org.example.staging;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.toolkit.io.LocalFiles;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;

/** Reads local files into a device whose memory the host doesn't see. */
public final class StagingBackend implements IoBackend {
  static final String ID = "example-staging";

  /** The vendor's devices; here the simulated ones. */
  private static final String DEVICES = "sim";

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
    return 30;
  }

  @Override
  public Availability probe(Device device) {
    return device.type().equals(DEVICES)
        ? Availability.available("through staging memory", Capability.COPIED)
        : Availability.unavailable("reads to devices " + DEVICES + ":N only, not to " + device);
  }

  @Override
  public SeekableByteChannel channel(Path file) throws IOException {
    LocalFiles.check(ID, file); // what sessions refuse (IO-125)
    return IoBackend.super.channel(file);
  }

  @Override
  public IoSession open(DeviceContext context, IoOptions options) {
    return new StagingSession(context, options);
  }
}
