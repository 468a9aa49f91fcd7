// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.simulated;

import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.testkit.ForwardingContext;
import io.fastsafetensors.testkit.ForwardingStream;

/** A context that is wrong on purpose: the marks of its streams are done before the copies are. */
public final class HastyContext extends ForwardingContext {
  /** Makes a context that passes everything on but marks. */
  public HastyContext(DeviceContext context) {
    super(context);
  }

  @Override
  protected DeviceStream stream(DeviceStream right) {
    return new ForwardingStream(this, right) {
      @Override
      public StreamMark record() {
        return StreamMark.done();
      }
    };
  }
}
