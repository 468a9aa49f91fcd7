// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix;

import io.fastsafetensors.Device;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.backend.posix.io.PosixSession;
import io.fastsafetensors.backend.posix.libc.Binding;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.Provider;
import java.util.function.Supplier;

/**
 * The backend {@code posix}: reads what is in the page cache from there, and the rest past it, many
 * blocks at a time; into host memory, or by way of staging buffers into any other device.
 */
public final class PosixIoBackend implements IoBackend {
  private final Supplier<Binding> binding;

  /** Makes the backend. */
  public PosixIoBackend() {
    this(Binding::get);
  }

  PosixIoBackend(Supplier<Binding> binding) {
    this.binding = binding;
  }

  @Override
  public String id() {
    return PosixSession.BACKEND;
  }

  @Override
  public int spiVersion() {
    return Provider.SPI_VERSION;
  }

  @Override
  public int priority() {
    return 10;
  }

  @Override
  public Availability probe(Device device) {
    return device.isCpu()
        ? binding
            .get()
            .availability(
                "direct or from the page cache",
                Capability.MAPPED,
                Capability.COPIED,
                Capability.DIRECT_IO)
        : binding
            .get()
            .availability("through staging memory", Capability.COPIED, Capability.DIRECT_IO);
  }

  @Override
  public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
    return new PosixSession(binding.get().libc(), context, options);
  }
}
