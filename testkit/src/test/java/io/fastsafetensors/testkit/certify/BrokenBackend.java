// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import java.util.concurrent.CountDownLatch;

/** A backend that opens no session: it fails, or hangs until it is told to end. */
final class BrokenBackend implements IoBackend {
  private final CountDownLatch end = new CountDownLatch(1);
  private final boolean hangs;

  BrokenBackend(boolean hangs) {
    this.hangs = hangs;
  }

  @Override
  public String id() {
    return "broken";
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
    return Availability.available("here", Capability.COPIED);
  }

  @Override
  public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
    while (hangs && end.getCount() > 0) {
      try {
        end.await();
      } catch (InterruptedException e) {
        // as a native call does
      }
    }
    throw new LoadException("broken");
  }

  void end() {
    end.countDown();
  }
}
