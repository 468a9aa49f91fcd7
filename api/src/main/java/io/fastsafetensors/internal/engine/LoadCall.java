// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.Device;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Transport;
import java.time.Duration;

/**
 * A load or stream of all ranks, which have agreed on what it is.
 *
 * @param group the ranks
 * @param device where to
 * @param options what this rank asks for
 * @param cancellation ends the call besides the switch of the options
 * @param bounded what ends it
 * @param backends read the files
 * @param headers what they say
 * @param holding opens the device, and makes the caller a holder of it
 * @param events hear what it does
 */
record LoadCall(
    Transport group,
    Device device,
    LoadOptions options,
    Cancellation cancellation,
    BoundedCall bounded,
    Backends backends,
    Headers headers,
    Holding holding,
    LoadEvents events) {
  /** Whoever waits without end means less than this; and it can be counted in nanoseconds. */
  static final Duration LONGEST_WAIT = Duration.ofDays(36_500);

  /** Makes the caller a holder of the device. */
  @FunctionalInterface
  interface Holding {
    SharedContext hold() throws LoadException;
  }

  /** Makes something of a device. */
  @FunctionalInterface
  interface Maker<T> {
    T make(SharedContext context) throws LoadException;
  }

  /** Makes something that takes over the hold of the device, unless it can't be made. */
  <T> T holding(Maker<T> maker) throws LoadException {
    SharedContext context = holding.hold();
    try {
      return maker.make(context);
    } catch (Throwable e) {
      Cleanup.after(e, context::release);
      throw e;
    }
  }

  /** The others may take as long as a load may; after that, as long as any exchange. */
  Duration patience() {
    return patience(options.timeout(), group);
  }

  /** Returns how long to wait for ranks that do something which may take some time. */
  static Duration patience(Duration timeout, Transport group) {
    return (timeout.compareTo(LONGEST_WAIT) < 0 ? timeout : LONGEST_WAIT).plus(group.timeout());
  }

  /** Returns how files are looked at before it is clear who reads them. */
  Distributed.Files files() {
    return new Distributed.Files(headers, backends, bounded);
  }
}
