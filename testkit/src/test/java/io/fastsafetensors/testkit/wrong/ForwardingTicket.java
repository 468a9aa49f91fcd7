// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;

/** A right ticket without early ranges, to make wrong ones of by overriding. */
class ForwardingTicket implements IoTicket {
  private final IoTicket ticket;

  ForwardingTicket(IoTicket ticket) {
    this.ticket = ticket;
  }

  @Override
  public LoadedRanges await() throws LoadException {
    return ticket.await();
  }

  @Override
  public int stop(Deadline deadline) {
    return ticket.stop(deadline);
  }

  @Override
  public void close() {
    ticket.close();
  }
}
