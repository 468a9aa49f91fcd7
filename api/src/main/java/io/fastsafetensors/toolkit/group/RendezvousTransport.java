// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.spi.Transport;
import java.time.Duration;
import java.util.List;

/**
 * A group whose control messages go over a rendezvous, which needs no size in advance and tells who
 * is missing; a transport adds how data moves, and {@code split} and {@code close}.
 *
 * @since 0.1
 */
public abstract class RendezvousTransport implements Transport {
  private final Rendezvous rendezvous;

  /**
   * Makes a group of the ranks that have met.
   *
   * @param rendezvous their connections; {@code close} of the transport closes them
   */
  protected RendezvousTransport(Rendezvous rendezvous) {
    this.rendezvous = rendezvous;
  }

  /**
   * Returns the ranks' connections.
   *
   * @return what the group was made with
   */
  protected final Rendezvous rendezvous() {
    return rendezvous;
  }

  @Override
  public final int rank() {
    return rendezvous.rank();
  }

  @Override
  public final int size() {
    return rendezvous.size();
  }

  @Override
  public final Duration timeout() {
    return rendezvous.timeout();
  }

  @Override
  public final void barrier() throws CollectiveException {
    rendezvous.exchange("barrier", new byte[0], timeout());
  }

  @Override
  public final List<byte[]> allGather(byte[] message, Duration timeout) throws CollectiveException {
    return rendezvous.exchange("allGather", message, timeout);
  }
}
