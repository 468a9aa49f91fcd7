// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.RangePlan;

/** A right session, to make wrong ones of by overriding. */
class ForwardingSession implements IoSession {
  final DeviceContext context;
  final IoOptions options;

  private final IoSession session;

  ForwardingSession(DeviceContext context, IoOptions options, IoSession session) {
    this.context = context;
    this.options = options;
    this.session = session;
  }

  @Override
  public IoTicket submit(RangePlan plan) throws LoadException {
    return new ForwardingTicket(session.submit(plan)) {
      @Override
      public LoadedRanges await() throws LoadException {
        return handOut(plan, super.await());
      }
    };
  }

  /** What becomes of ranges that were awaited. */
  LoadedRanges handOut(RangePlan plan, LoadedRanges loaded) throws LoadException {
    return loaded;
  }

  @Override
  public void close() {
    session.close();
  }
}
